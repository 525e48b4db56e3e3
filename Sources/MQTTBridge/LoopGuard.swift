import DequeModule
import MQTTCodec
import NIOCore

/// Keeps messages from going round in circles through bridges.
///
/// With MQTT 5 each bridge writes its broker's identity into the user property `bridge-path`: a message that bears our own
/// has been here. No Local and the bridge bit of MQTT 3.1.1 keep a broker from sending back what we sent. Where neither is
/// to be had, a message that equals one that we sent a moment ago is taken for its echo, once.
struct LoopGuard {
    /// The user property that names the brokers a message has crossed, one property for each.
    static let property = "bridge-path"
    /// More brokers than any sensible network has in a row.
    private static let longestPath = 16
    private static let echoTime = TimeAmount.seconds(10)
    private static let rememberedEchoes = 10_000

    let identity: String
    private var sent: Deque<(key: Int, until: NIODeadline)> = []
    private var expected: [Int: Int] = [:]

    init(identity: String) { self.identity = identity }

    /// Whether a message with these properties has been here, or has wandered for too long.
    func isLoop(_ properties: Properties) -> Bool {
        let path = properties.userProperties.filter { $0.name == Self.property }
        return path.count >= Self.longestPath || path.contains { $0.value == identity }
    }

    /// The properties with our broker on the path.
    func marked(_ properties: Properties) -> Properties {
        var properties = properties
        properties.append(.userProperty(UserProperty(name: Self.property, value: identity)))
        return properties
    }

    /// Notes that this was sent to a broker that may send it back.
    mutating func noteSent(_ topic: String, _ payload: ByteBuffer, _ now: NIODeadline) {
        forget(now)
        if sent.count >= Self.rememberedEchoes, let oldest = sent.popFirst() { release(oldest.key) }
        let key = key(topic, payload)
        sent.append((key, now + Self.echoTime))
        expected[key, default: 0] += 1
    }

    /// Whether this is the echo of something that was sent. Each sent message has one.
    mutating func takeEcho(_ topic: String, _ payload: ByteBuffer, _ now: NIODeadline) -> Bool {
        forget(now)
        let key = key(topic, payload)
        guard expected[key] != nil, let index = sent.firstIndex(where: { $0.key == key }) else { return false }
        sent.remove(at: index)
        release(key)
        return true
    }

    private mutating func forget(_ now: NIODeadline) {
        while let oldest = sent.first, oldest.until <= now {
            sent.removeFirst()
            release(oldest.key)
        }
    }

    private mutating func release(_ key: Int) {
        guard let count = expected[key] else { return }
        expected[key] = count > 1 ? count - 1 : nil
    }

    private func key(_ topic: String, _ payload: ByteBuffer) -> Int {
        var hasher = Hasher()
        hasher.combine(topic)
        hasher.combine(payload)
        return hasher.finalize()
    }
}
