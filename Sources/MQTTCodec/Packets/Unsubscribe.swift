/// UNSUBSCRIBE (MQTT 5.0 section 3.10).
public struct Unsubscribe: Sendable, Hashable {
    public var packetID: UInt16
    /// At least one.
    public var filters: [String]
    public var properties: Properties

    public init(packetID: UInt16, filters: [String], properties: Properties = Properties()) {
        self.packetID = packetID
        self.filters = filters
        self.properties = properties
    }
}
