import EventLog
import GarageDomain
import Ingest

/// The command door as callers over HTTP get it: a command that the caller has no right to is recorded and refused, and
/// every origin names the caller.
struct GuardedDoor: CommandDoor {
    let door: any CommandDoor
    let access: AccessControl
    let journal: AccessJournal
    let now: @Sendable () -> Timestamp

    func submit(_ submission: CommandSubmission) async throws(CommandDoorError) -> CommandOutcome {
        let caller = CallerIdentity.current
        var submission = submission
        submission.origin = named(submission.origin, caller)
        submission.isPermitted = access.mayMove(submission.gate, caller, at: now())
        return try await door.submit(submission)
    }

    func addNote(
        _ text: String, to subject: Subject, by origin: EventMetadata
    ) async throws(CommandDoorError) -> Int64 {
        try await door.addNote(text, to: subject, by: named(origin, CallerIdentity.current))
    }

    func perform(_ deed: Deed, by origin: EventMetadata) async throws(CommandDoorError) -> Int64? {
        let caller = CallerIdentity.current
        // Whoever may not move a gate at this moment has nothing to decide about it either.
        if let gate = deed.gate, !access.mayMove(gate, caller, at: now()) {
            await journal.deny(
                "decide about the gate \(gate.id)", actor: caller.actor, address: CallerIdentity.address,
                channel: origin.channel)
            throw .notAllowed
        }
        return try await door.perform(deed, by: named(origin, caller))
    }

    func controls(of gate: Subject) -> GateControls? {
        guard var controls = door.controls(of: gate) else { return nil }
        guard access.mayMove(gate, CallerIdentity.current, at: now()) else {
            for action in GateAction.allCases { controls.hindrances[action] = .notAllowed }
            return controls
        }
        return controls
    }

    func unmappedTopics() -> [UnmappedTopic] { door.unmappedTopics() }

    func deviceTopics() -> DeviceTopics { door.deviceTopics() }

    private func named(_ origin: EventMetadata, _ caller: CallerIdentity) -> EventMetadata {
        guard let actor = caller.actor else { return origin }
        var origin = origin
        origin.actor = actor
        if caller == .commandLine { origin.channel = "cli" }
        return origin
    }
}
