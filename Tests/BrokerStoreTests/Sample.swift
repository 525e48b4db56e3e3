import MQTTBroker
import MQTTCodec

/// States and changes to be stored.
enum Sample {
    /// Something of everything.
    static var state: DurableState {
        var state = DurableState()
        var first = DurableState.Session(
            session: DurableSession(
                key: 3, clientID: "dev/ü", owner: "ana", expiryInterval: .max,
                will: DurableWill(
                    topic: "w", payload: [0, 1], qos: .exactlyOnce, retain: true, properties: [1, 1], delay: 5,
                    deadline: 0, principal: "p", userName: nil, remoteAddress: "192.0.2.1:5", listener: "tcp",
                    version: .v5, keepAlive: 60)))
        let options = SubscriptionOptions(qos: 2, noLocal: true, retainAsPublished: true, identifier: 268_435_455)
        first.subscriptions = [
            DurableSubscription(filter: "$share/g/a/+", options: options),
            DurableSubscription(
                filter: "t/#",
                options: SubscriptionOptions(qos: 0, noLocal: false, retainAsPublished: false, identifier: 0)),
        ]
        first.deliveries = [
            delivery(3, 1, message: nil, qos: 2, packetID: 9, released: 4),
            delivery(3, 2, message: 11, qos: 2, packetID: 10),
            delivery(3, 3, message: 12, qos: 1, packetID: 0, identifiers: [7, 1]),
        ]
        first.received = [1, 65_535]
        var second = DurableState.Session(
            session: DurableSession(
                key: 4, clientID: "b", owner: "", expiryInterval: 1000, expiresAt: 900_000_000_000))
        second.deliveries = [delivery(4, 1, message: 12, qos: 1, packetID: 0)]
        state.sessions = [first, second]
        state.messages = [11: message(11, expiresAt: 0), 12: message(12, expiresAt: 2_000_000_000)]
        state.retained = [
            DurableRetained(topic: Array("r/1".utf8), properties: [], payload: [0], qos: 0, expiresAt: 0),
            DurableRetained(
                topic: Array("r/2".utf8), properties: [1, 0], payload: [1, 2, 3], qos: 2, expiresAt: 5_000_000_000),
        ]
        return state
    }

    static func changes(for state: DurableState) -> [StateChange] {
        var changes: [StateChange] = state.messages.values.map { .message($0) }
        for session in state.sessions {
            let key = session.session.key
            changes.append(.session(session.session))
            changes += session.subscriptions.map { .subscribed(key, filter: $0.filter, $0.options) }
            changes += session.deliveries.map { .delivery($0) }
            changes += session.received.map { .received(key, packetID: $0) }
        }
        return changes + state.retained.map { .retained($0) }
    }

    /// Many messages for one session.
    static var bulk: [StateChange] {
        (100..<400).flatMap { number -> [StateChange] in
            let id = Int64(number)
            return [
                .message(message(id, expiresAt: 0, size: 1000)),
                .delivery(delivery(4, id, message: id, qos: 1, packetID: 0)),
            ]
        }
    }

    /// The end of a delivery.
    static func end(_ change: StateChange) -> StateChange? {
        guard case .delivery(let delivery) = change else { return nil }
        return .delivered(delivery.session, order: delivery.order)
    }

    static func message(_ id: Int64, expiresAt: UInt64, size: Int = 3) -> DurableMessage {
        DurableMessage(
            id: id, topic: Array("t/\(id)".utf8), properties: id % 2 == 0 ? [] : [1, 1],
            payload: [UInt8](repeating: UInt8(truncatingIfNeeded: id), count: size), expiresAt: expiresAt)
    }

    static func delivery(
        _ session: SessionKey, _ order: Int64, message: Int64?, qos: UInt8, packetID: UInt16, released: Int64 = 0,
        identifiers: [UInt32] = []
    ) -> DurableDelivery {
        DurableDelivery(
            session: session, order: order, message: message, qos: qos, retain: order % 2 == 0,
            identifiers: identifiers, packetID: packetID, released: released)
    }

    /// Changes as a broker makes them, of a few sessions.
    static func randomBatch(_ random: inout RandomSource) -> [StateChange] {
        (0..<Int.random(in: 1...6, using: &random)).flatMap { _ in randomChanges(&random) }
    }

    private static func randomChanges(_ random: inout RandomSource) -> [StateChange] {
        let key = Int64.random(in: 1...3, using: &random)
        // Keys are not used twice: after its end a session is another one.
        let session = random.sessions[Int(key) - 1]
        guard random.begun.contains(session) else {
            random.begun.insert(session)
            return [.session(DurableSession(key: session, clientID: "c\(key)", expiryInterval: 1))]
        }
        let packetID = UInt16.random(in: 1...5, using: &random)
        switch Int.random(in: 0..<14, using: &random) {
        case 0:
            random.sessions[Int(key) - 1] += 3
            random.open[session] = nil
            return [.sessionEnded(session)]
        case 1...2: return [.session(DurableSession(key: session, clientID: "c\(key)", expiryInterval: 9))]
        case 3: return [.received(session, packetID: packetID)]
        case 4: return [.forgotten(session, packetID: packetID)]
        case 5:
            let options = SubscriptionOptions(
                qos: UInt8(packetID % 3), noLocal: false, retainAsPublished: true, identifier: 1)
            return [.subscribed(session, filter: "f\(packetID)", options)]
        case 6: return [.unsubscribed(session, filter: "f\(packetID)")]
        case 7:
            return [
                .retained(
                    DurableRetained(topic: [UInt8(packetID)], properties: [], payload: [1], qos: 1, expiresAt: 0))
            ]
        case 8: return [.retainedRemoved(topic: [UInt8(packetID)])]
        case 9...11:
            random.lastID += 1
            let id = random.lastID
            let begun = random.sessions.filter { random.begun.contains($0) }
            let receivers = begun.shuffled(using: &random).prefix(Int.random(in: 1...3, using: &random))
            for receiver in receivers { random.open[receiver, default: []].append(id) }
            return [.message(message(id, expiresAt: 0))]
                + receivers.map { .delivery(delivery($0, id, message: id, qos: 2, packetID: 0)) }
        default:
            guard let order = random.open[session]?.randomElement(using: &random) else { return [] }
            switch Int.random(in: 0..<3, using: &random) {
            case 0: return [.sent(session, order: order, packetID: packetID)]
            case 1: return [.released(session, order: order, sequence: order)]
            default:
                random.open[session]?.removeAll { $0 == order }
                return [.delivered(session, order: order)]
            }
        }
    }
}

/// Repeatable random numbers, and what has been made with them.
struct RandomSource: RandomNumberGenerator {
    var sessions: [SessionKey] = [1, 2, 3]
    var open: [SessionKey: [Int64]] = [:]
    var begun: Set<SessionKey> = []
    var lastID: Int64 = 0
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
