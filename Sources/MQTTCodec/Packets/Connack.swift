/// CONNACK (MQTT 5.0 section 3.2).
public struct Connack: Sendable, Hashable {
    /// Always written as false in MQTT 3.1, which has no such flag.
    public var sessionPresent: Bool
    /// In MQTT 3.1 and 3.1.1 written as the return code that comes nearest: `ReasonCode.connectReturnCode`.
    public var reasonCode: ReasonCode
    public var properties: Properties

    public init(sessionPresent: Bool, reasonCode: ReasonCode, properties: Properties = Properties()) {
        self.sessionPresent = sessionPresent
        self.reasonCode = reasonCode
        self.properties = properties
    }
}
