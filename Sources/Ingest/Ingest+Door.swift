public import EventLog
public import GarageDomain
import GarageEvents
import Synchronization

/// Commands, notes and questions from the HTTP API, the pages and the command line.
extension Ingest: CommandDoor {
    public func submit(_ submission: CommandSubmission) async throws(CommandDoorError) -> CommandOutcome {
        let now = options.clock()
        let request = CommandRequest(
            gate: submission.gate,
            text: CommandText(
                action: submission.action, id: submission.id, expiresInSeconds: submission.expiresInSeconds,
                reason: submission.reason, isAttended: submission.isAttended),
            newID: EventID.make(at: now.microseconds).description, receivedAt: now,
            isPermitted: submission.isPermitted, actor: submission.origin.actor, address: submission.address)
        let origin = Origin(
            actor: submission.origin.actor, channel: submission.origin.channel,
            clientID: submission.origin.clientID, causation: submission.origin.causation, trace: submission.origin.trace
        )
        switch await settlement(of: .commandReceived(request), from: origin) {
        case .failed(let error): throw .storage("\(error)")
        case .committed(let verdict, let positions, let firstPosition):
            switch verdict {
            case .accepted(let id):
                return CommandOutcome(
                    id: id, rejection: nil, position: positions.first ?? firstPosition, repeated: false)
            case .rejected(let id, let reason):
                return CommandOutcome(
                    id: id, rejection: reason, position: positions.first ?? firstPosition, repeated: false)
            case .repeated(let id, let first):
                var rejection: CommandRejected.Reason?
                if case .rejected(let reason) = first.outcome { rejection = reason }
                return CommandOutcome(id: id, rejection: rejection, position: firstPosition, repeated: true)
            case .conflict, nil: throw .conflict
            }
        }
    }

    func settlement(
        of input: Input, from origin: Origin, report: ReportTopic? = nil
    ) async -> Entry.Settlement {
        await withCheckedContinuation { continuation in
            accept(input, from: origin, report: report, waiter: { continuation.resume(returning: $0) })
        }
    }

    public func perform(_ deed: Deed, by origin: EventMetadata) async throws(CommandDoorError) -> Int64? {
        let input: Input
        switch deed {
        case .setMode(let gate, let mode, let reason): input = .modeSet(gate, mode, reason: reason)
        case .setUnattendedClose(let gate, let mode): input = .unattendedCloseSet(gate, mode)
        case .resumeUnattendedClose(let gate): input = .unattendedCloseResumed(gate)
        case .acknowledge(let position):
            guard let found = try acknowledgement(of: position) else { return nil }
            input = found
        }
        let origin = Origin(
            actor: origin.actor, channel: origin.channel, clientID: origin.clientID, causation: origin.causation)
        switch await settlement(of: input, from: origin) {
        case .committed(_, let positions, _): return positions.first
        case .failed(let error): throw .storage("\(error)")
        }
    }

    private func acknowledgement(of position: Int64) throws(CommandDoorError) -> Input? {
        let page: [RecordedEvent]
        do {
            page = position > 0 ? try log.read(after: position - 1, limit: 1) : []
        } catch { throw .storage("\(error)") }
        guard let recorded = page.first, recorded.position == position, let event = EventCoding.decode(recorded) else {
            return nil
        }
        var condition: String?
        if case .alertRaised(let alert) = event.body { condition = alert.condition }
        return .acknowledged(event.subject, position: position, condition: condition)
    }

    public func addNote(
        _ text: String, to subject: Subject, by origin: EventMetadata
    ) async throws(CommandDoorError) -> Int64 {
        let now = options.clock().microseconds
        let event = EventCoding.encode(
            DomainEvent(subject, .noteAdded(Note(text: text))), id: EventID.make(at: now), time: now, metadata: origin)
        do {
            let receipt = try await log.append(AppendRequest(events: [event]))
            return receipt.positions.first ?? receipt.head
        } catch { throw .storage("\(error)") }
    }

    public func controls(of gate: Subject) -> GateControls? { currentControls(of: gate) }

    public func unmappedTopics() -> [UnmappedTopic] { unmapped.withLock { $0.newestFirst } }
}
