/// DISCONNECT (MQTT 5.0 section 3.14). Before MQTT 5.0 only clients send it, always with `.normalDisconnection`.
public struct Disconnect: Sendable, Hashable {
    public var reasonCode: ReasonCode
    public var properties: Properties

    public init(reasonCode: ReasonCode = .normalDisconnection, properties: Properties = Properties()) {
        self.reasonCode = reasonCode
        self.properties = properties
    }
}
