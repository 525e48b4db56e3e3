import MQTTCodec
import NIOCore

/// Messages that the policy has put in the place of what a client published.
extension Shard {
    /// Hands `body` the publication with the content that the policy gives it, and what is to happen to it.
    mutating func rewrite(
        _ inspection: borrowing PublishInspection, _ publication: inout Publication, _ now: UInt64,
        _ body: (inout Shard, inout Publication, PublishVerdict) -> Void
    ) {
        guard let rewrite = policy.rewrite(inspection) else {
            body(&self, &publication, .refuse(.implementationSpecificError))
            return
        }
        var properties = rewrite.properties
        let expiry = properties.messageExpiryInterval
        Self.removeHopProperties(&properties)
        let block = PropertyBlock.encode(properties)
        let topic = Array(rewrite.topic.utf8)
        topic.withUnsafeBytes { topic in
            guard Topic.isValidName(topic), refusal(ofPublishTo: topic) == nil,
                Self.isSayable(topic: topic.count, properties: block.count, payload: rewrite.payload.readableBytes)
            else {
                body(&self, &publication, .refuse(.topicNameInvalid))
                return
            }
            block.withUnsafeBytes { block in
                rewrite.payload.withUnsafeReadableBytes { payload in
                    publication.topic = topic
                    publication.properties = block
                    publication.payload = payload
                    publication.packet = UnsafeRawBufferPointer(start: nil, count: 0)
                    publication.expiry = expiry
                    publication.expiresAt = expiry.map { now + nanoseconds($0) } ?? 0
                    body(&self, &publication, rewrite.verdict == .rewrite ? .forward : rewrite.verdict)
                }
            }
        }
    }

    /// Whether a PUBLISH with parts of these lengths can be written (MQTT 5.0 section 1.5.5), with room for an expiry
    /// interval and the subscription identifiers of some overlapping subscriptions.
    static func isSayable(topic: Int, properties: Int, payload: Int) -> Bool {
        topic + properties + payload <= VariableByteInteger.maximum - 1024
    }
}
