import MQTTBroker
import MQTTCodec

/// What the broker has been told, in the order in which it took it, and what therefore must be true. Filled by the
/// policy, which the broker asks at the moment it acts.
final class Ledger {
    struct Record {
        var topic: String
        var qos: QoS
        var publisher: Int
        /// May be gone before it is delivered.
        var expires: Bool
        /// How often the broker has taken it.
        var accepted = 0
        var isWill = false
    }

    struct Retained {
        var number: Int
        /// 0 for never.
        var expiresAt: UInt64
    }

    private(set) var problems: [String] = []
    var figures = Simulation.Figures()
    private(set) var records: [Record] = []
    private(set) var retained: [String: Retained] = [:]
    /// By client: messages that the broker says it has thrown away.
    private(set) var dropped: [Int: Int] = [:]
    var now: UInt64 = 1_000_000_000
    var sessions: [SessionModel]
    /// Tickets that the host holds, by shard, in their order.
    var tickets: [[HoldTicket]]
    /// With several shards the moments at which things happen on another shard are not known.
    let isExact: Bool
    /// What each connection asked for in its CONNECT, by address.
    var requests: [String: ConnectionModel] = [:]

    init(clients: Int, shards: Int) {
        sessions = (0..<clients).map { _ in SessionModel() }
        tickets = Array(repeating: [], count: shards)
        isExact = shards == 1
    }

    func fail(_ text: @autoclosure () -> String) {
        if problems.count < 10 { problems.append(text()) }
    }

    /// Enters a message before it is sent, and gives it its number.
    func enter(_ record: Record) -> Int {
        records.append(record)
        return records.count - 1
    }

    // MARK: What the broker does

    func accept(_ publish: borrowing PublishInspection) {
        let topic = publish.topicName
        guard let number = Self.number(of: publish.payload) else {
            if publish.payload.isEmpty, publish.retain { retained[topic] = nil }
            return
        }
        guard number < records.count, records[number].topic == topic, records[number].qos == publish.qos else {
            fail("the broker took a message that nobody sent: \(topic)")
            return
        }
        records[number].accepted += 1
        if records[number].accepted > 1, publish.qos == .exactlyOnce || publish.isWill {
            fail("message \(number) was taken \(records[number].accepted) times: \(records[number])")
        }
        if publish.isWill != records[number].isWill { fail("message \(number) is a will, or is not") }
        if publish.isWill { published(will: number) }
        if publish.retain {
            let expiry = publish.properties.messageExpiryInterval
            retained[topic] = Retained(
                number: number, expiresAt: expiry.map { now + UInt64($0) * 1_000_000_000 } ?? 0)
        }
    }

    func observe(_ event: SessionEvent) {
        switch event {
        case .connected(let context):
            guard let client = Self.client(context.clientID) else { return }
            connected(client, context)
        case .disconnected(let context, let cause):
            guard let client = Self.client(context.clientID) else { return }
            disconnected(client, context, cause)
        case .dropped(let clientID, _, let count, _):
            figures.dropped += count
            if let client = Self.client(clientID) { dropped[client, default: 0] += count }
        default: break
        }
    }

    /// The retained message of a topic at this moment.
    func currentRetained(_ topic: String) -> Int? {
        guard let last = retained[topic], last.expiresAt == 0 || last.expiresAt > now else { return nil }
        return last.number
    }

    // MARK: Names

    /// `c17` is client 17; probes have other names.
    private static func client(_ clientID: String) -> Int? {
        clientID.hasPrefix("c") ? Int(clientID.dropFirst()) : nil
    }

    /// A message's number is in the first four bytes of its payload.
    static func number(of payload: UnsafeRawBufferPointer) -> Int? {
        guard payload.count >= 4 else { return nil }
        return Int(UInt32(bigEndian: payload.loadUnaligned(as: UInt32.self)))
    }
}
