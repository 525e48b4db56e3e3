public import MQTTCodec
public import NIOCore

/// What a policy has routed in place of what a client published. QoS and acknowledgement stay those of the client's
/// PUBLISH, and so does its retain flag.
public struct Rewrite: Sendable {
    /// A topic name that is valid and within the broker's limits; otherwise the publish is refused.
    public var topic: String
    /// At most 268,435,455 bytes together with topic and properties; more is refused.
    public var payload: ByteBuffer
    /// MQTT 5 properties of the new message, a message expiry interval among them. A topic alias and subscription
    /// identifiers are left out.
    public var properties: Properties
    /// What happens to it; `rewrite` counts as `forward`.
    public var verdict: PublishVerdict

    public init(
        topic: String, payload: ByteBuffer, properties: Properties = Properties(), verdict: PublishVerdict = .forward
    ) {
        self.topic = topic
        self.payload = payload
        self.properties = properties
        self.verdict = verdict
    }
}
