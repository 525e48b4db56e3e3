import Synchronization

/// A retained message. Immutable, so that every shard may read it, except for the mark that a newer one has come.
final class RetainedMessage: Sendable {
    let topic: [UInt8]
    /// Without expiry interval, topic alias and subscription identifiers.
    let properties: [UInt8]
    let payload: [UInt8]
    let qos: UInt8
    /// On the broker's clock; 0 means never.
    let expiresAt: UInt64
    private let replaced = Atomic<Bool>(false)
    private let number = Atomic<UInt64>(0)

    init(topic: [UInt8], properties: [UInt8], payload: [UInt8], qos: UInt8, expiresAt: UInt64) {
        self.topic = topic
        self.properties = properties
        self.payload = payload
        self.qos = qos
        self.expiresAt = expiresAt
    }

    /// False once another message, or none, is retained in its place.
    var isCurrent: Bool { !replaced.load(ordering: .acquiring) }

    /// The order in which messages came to be retained; 0 before that.
    var sequence: UInt64 { number.load(ordering: .relaxed) }

    var size: Int { 96 + topic.count + properties.count + payload.count }

    func markReplaced() {
        replaced.store(true, ordering: .releasing)
    }

    func setSequence(_ sequence: UInt64) {
        number.store(sequence, ordering: .relaxed)
    }

    func isExpired(_ now: UInt64) -> Bool { expiresAt != 0 && expiresAt <= now }
}
