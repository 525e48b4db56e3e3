public import MQTTCodec
public import NIOCore

/// A message that the host itself publishes, without a socket. It does not pass the policy.
public struct LocalMessage: Sendable, Hashable {
    public var topic: String
    public var payload: ByteBuffer
    public var qos: QoS
    public var retain: Bool
    /// MQTT 5 properties for receivers that speak it (content type, correlation data, message expiry, …).
    public var properties: Properties
    /// Only for sessions connected now: never queued for an absent one, never retained.
    public var neverQueued: Bool

    public init(
        topic: String, payload: ByteBuffer, qos: QoS = .atMostOnce, retain: Bool = false,
        properties: Properties = Properties(), neverQueued: Bool = false
    ) {
        self.topic = topic
        self.payload = payload
        self.qos = qos
        self.retain = retain
        self.properties = properties
        self.neverQueued = neverQueued
    }

    /// A message with a text payload.
    public init(
        topic: String, text: String, qos: QoS = .atMostOnce, retain: Bool = false,
        properties: Properties = Properties(), neverQueued: Bool = false
    ) {
        self.init(
            topic: topic, payload: ByteBuffer(string: text), qos: qos, retain: retain, properties: properties,
            neverQueued: neverQueued
        )
    }
}
