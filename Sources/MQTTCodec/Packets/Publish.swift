public import NIOCore

/// PUBLISH (MQTT 5.0 section 3.3).
public struct Publish: Sendable, Hashable {
    public var dup: Bool
    public var qos: QoS
    public var retain: Bool
    /// Empty only together with a topic alias.
    public var topic: String
    /// Present, and not zero, exactly when the quality of service is 1 or 2.
    public var packetID: UInt16?
    public var payload: ByteBuffer
    public var properties: Properties

    public init(
        topic: String, payload: ByteBuffer, qos: QoS = .atMostOnce, retain: Bool = false, dup: Bool = false,
        packetID: UInt16? = nil, properties: Properties = Properties()
    ) {
        self.dup = dup
        self.qos = qos
        self.retain = retain
        self.topic = topic
        self.packetID = packetID
        self.payload = payload
        self.properties = properties
    }
}
