/// Why received bytes are refused. It says what to answer, which rule was broken, and what a log should tell.
public struct DecodeError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What a CONNACK or DISCONNECT that refuses these bytes should carry.
    public let reasonCode: ReasonCode
    /// The normative statement that was broken, such as `MQTT-1.5.4-1`, or the section, such as `MQTT-3.15.2`, where
    /// the specification numbers no statement.
    public let clause: String
    /// A short English text for the log. It never quotes received bytes.
    public let detail: String

    @inlinable
    public init(reasonCode: ReasonCode, clause: String, detail: String) {
        self.reasonCode = reasonCode
        self.clause = clause
        self.detail = detail
    }

    public var description: String { "\(detail) [\(clause)]" }

    static func malformed(_ clause: String, _ detail: String) -> DecodeError {
        DecodeError(reasonCode: .malformedPacket, clause: clause, detail: detail)
    }

    static func protocolError(_ clause: String, _ detail: String) -> DecodeError {
        DecodeError(reasonCode: .protocolError, clause: clause, detail: detail)
    }

    static func topicName(_ clause: String, _ detail: String) -> DecodeError {
        DecodeError(reasonCode: .topicNameInvalid, clause: clause, detail: detail)
    }
}
