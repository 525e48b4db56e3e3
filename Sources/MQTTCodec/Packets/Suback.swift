/// SUBACK (MQTT 5.0 section 3.9).
public struct Suback: Sendable, Hashable {
    public var packetID: UInt16
    /// One for each subscription of the SUBSCRIBE, in its order. MQTT 3.1 and 3.1.1 write every error as 0x80.
    public var reasonCodes: [ReasonCode]
    public var properties: Properties

    public init(packetID: UInt16, reasonCodes: [ReasonCode], properties: Properties = Properties()) {
        self.packetID = packetID
        self.reasonCodes = reasonCodes
        self.properties = properties
    }
}
