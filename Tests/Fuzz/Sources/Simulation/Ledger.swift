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
        /// How often the broker has taken it, and in which of its lives last.
        var accepted = 0
        var life = 0
        /// Its publisher knows that the broker has taken it.
        var isAcknowledged = false
        var isWill = false
    }

    struct Retained: Equatable {
        var number: Int
        /// 0 for never.
        var expiresAt: UInt64
    }

    private(set) var problems: [String] = []
    var figures = Simulation.Figures()
    private(set) var records: [Record] = []
    var retained: [String: Retained] = [:]
    /// By topic: what has been retained since the broker's start, the first entry what was then, and which of it is the
    /// last that must outlive the process.
    var retainedHistory: [String: [Retained?]] = [:]
    var retainedForSure: [String: Int] = [:]
    /// How often the broker's process has died.
    var life = 0
    /// By client: wills of the broker's last life that must come unless the client comes back.
    var promisedWills: [Int: PromisedWill] = [:]
    /// By client: messages that the broker says it has thrown away.
    var dropped: [Int: Int] = [:]
    var now: UInt64 = 1_000_000_000
    var sessions: [SessionModel]
    /// Tickets that the host holds, by shard, in their order.
    var tickets: [[HoldTicket]]
    /// With several shards the moments at which things happen on another shard are not known, and with a store not when
    /// it has written something.
    let isExact: Bool
    /// What each connection asked for in its CONNECT, by address.
    var requests: [String: ConnectionModel] = [:]

    init(clients: Int, shards: Int, hasStore: Bool) {
        sessions = (0..<clients).map { _ in SessionModel() }
        tickets = Array(repeating: [], count: shards)
        isExact = shards == 1 && !hasStore
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
            if publish.payload.isEmpty, publish.retain { retain(nil, topic) }
            return
        }
        guard number < records.count, records[number].topic == topic, records[number].qos == publish.qos else {
            fail("the broker took a message that nobody sent: \(topic)")
            return
        }
        let record = records[number]
        let isKnown = record.accepted > 0 && (record.life == life || record.isAcknowledged)
        accept(number)
        if isKnown, publish.qos == .exactlyOnce || publish.isWill {
            fail("message \(number) was taken \(records[number].accepted) times: \(records[number])")
        }
        if publish.isWill != records[number].isWill { fail("message \(number) is a will, or is not") }
        if publish.isWill { published(will: number) }
        if publish.retain {
            let expiry = publish.properties.messageExpiryInterval
            retain(Retained(number: number, expiresAt: expiry.map { now + UInt64($0) * 1_000_000_000 } ?? 0), topic)
        }
    }

    /// The broker has taken a message.
    func accept(_ number: Int) {
        records[number].accepted += 1
        records[number].life = life
    }

    /// Its publisher has an acknowledgement, so that the broker has it for good.
    func acknowledged(_ number: Int) {
        if records[number].accepted == 0 { fail("message \(number) was acknowledged and not taken") }
        records[number].isAcknowledged = true
        retainedForGood(number)
    }

    /// Whether those who want a message must get it. What the broker took before its process died, and did not
    /// acknowledge, may be lost.
    func isOwed(_ record: Record) -> Bool {
        record.accepted > 0 && record.qos != .atMostOnce && !record.expires
            && (record.isAcknowledged || record.life == life)
    }

    private func retain(_ new: Retained?, _ topic: String) {
        retainedHistory[topic, default: [retained[topic]]].append(new)
        retained[topic] = new
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
    static func client(_ clientID: String) -> Int? {
        clientID.hasPrefix("c") ? Int(clientID.dropFirst()) : nil
    }

    /// A message's number is in the first four bytes of its payload.
    static func number(of payload: UnsafeRawBufferPointer) -> Int? {
        guard payload.count >= 4 else { return nil }
        return Int(UInt32(bigEndian: payload.loadUnaligned(as: UInt32.self)))
    }
}
