public import GarageDomain

extension NativeProfile {
    /// How far a command has come. The raw value is the word used in the result message.
    public enum CommandStatus: String, Hashable, Sendable {
        case requested, rejected, warned, dispatched, completed, failed
    }

    /// What tells a gate's device to move: `OPEN`, `CLOSE` or `STOP`. Never to be retained or queued.
    public static func actuate(_ gate: Subject, _ action: GateAction) -> OutgoingMessage {
        OutgoingMessage(topic: "\(topic(of: gate))/actuate", payload: Array(action.rawValue.uppercased().utf8))
    }

    /// What tells a gate's device to warn people, by light and sound, for this many seconds, 0 ends it. Never to be
    /// retained or queued.
    public static func warn(_ gate: Subject, seconds: Int) -> OutgoingMessage {
        OutgoingMessage(topic: "\(topic(of: gate))/warning", payload: Array(String(seconds).utf8))
    }

    /// How many of a garage's spots are free, for signs: `{"free":7,"occupied":5,"total":12}`. To be retained.
    public static func occupancy(of garage: Name, free: Int, occupied: Int) -> OutgoingMessage {
        OutgoingMessage(
            topic: "garage/\(garage)/occupancy",
            payload: Array("{\"free\":\(free),\"occupied\":\(occupied),\"total\":\(free + occupied)}".utf8))
    }

    /// What tells the sender of a command how far it has come, as JSON.
    public static func commandResult(
        _ gate: Subject, id: String, action: GateAction?, status: CommandStatus, reason: String? = nil
    ) -> OutgoingMessage {
        var members = [("id", id)]
        if let action { members.append(("action", action.rawValue)) }
        members.append(("status", status.rawValue))
        if let reason { members.append(("reason", reason)) }
        return OutgoingMessage(
            topic: "\(topic(of: gate))/command/result", payload: JSONText.object(members))
    }

    /// The topic where a gate's state is kept retained.
    public static func stateTopic(of gate: Subject) -> String { "\(topic(of: gate))/state" }

    /// The topic where commands for a gate are sent.
    public static func commandTopic(of gate: Subject) -> String { "\(topic(of: gate))/command" }

    /// The topic where a garage's events are published.
    public static func eventsTopic(of garage: Name) -> String { "garage/\(garage)/events" }

    /// The topic where the signed head of the log is kept retained for a garage.
    public static func headTopic(of garage: Name) -> String { "garage/\(garage)/log/head" }

    private static func topic(of subject: Subject) -> String {
        "garage/\(subject.garage)/\(subject.kind.rawValue)/\(subject.name)"
    }
}
