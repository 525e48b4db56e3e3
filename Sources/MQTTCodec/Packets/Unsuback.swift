/// UNSUBACK (MQTT 5.0 section 3.11).
public struct Unsuback: Sendable, Hashable {
    public var packetID: UInt16
    /// One for each filter of the UNSUBSCRIBE, in its order; none in MQTT 3.1 and 3.1.1.
    public var reasonCodes: [ReasonCode]
    public var properties: Properties

    public init(packetID: UInt16, reasonCodes: [ReasonCode], properties: Properties = Properties()) {
        self.packetID = packetID
        self.reasonCodes = reasonCodes
        self.properties = properties
    }
}
