public import GarageDomain

extension NativeProfile {
    /// How far a command has come. The raw value is the word used in the result message.
    public enum CommandStatus: String, Hashable, Sendable {
        case requested, rejected, dispatched, completed, failed
    }

    /// What tells a gate's device to move: `OPEN`, `CLOSE` or `STOP`. Never to be retained or queued.
    public static func actuate(_ gate: Subject, _ action: GateAction) -> OutgoingMessage {
        OutgoingMessage(topic: "\(topic(of: gate))/actuate", payload: Array(action.rawValue.uppercased().utf8))
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

    private static func topic(of subject: Subject) -> String {
        "garage/\(subject.garage)/\(subject.kind.rawValue)/\(subject.name)"
    }
}

/// Writes JSON (RFC 8259).
enum JSONText {
    /// An object of texts, in this order.
    static func object(_ members: [(key: String, value: String)]) -> [UInt8] {
        var bytes = Array("{".utf8)
        for (index, member) in members.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            append(member.key, to: &bytes)
            bytes.append(UInt8(ascii: ":"))
            append(member.value, to: &bytes)
        }
        bytes.append(UInt8(ascii: "}"))
        return bytes
    }

    private static func append(_ text: String, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes += [UInt8(ascii: "\\"), byte]
            case 0..<0x20:
                let digits = Array("0123456789abcdef".utf8)
                bytes += Array("\\u00".utf8) + [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }
}
