import MQTTCodec

/// A load with a name, so that it can be repeated and compared.
public struct BenchCase: Sendable, Hashable {
    public enum Work: Sendable, Hashable {
        case pubSub(PubSubLoad)
        case connections(ConnectionsLoad)
        case subscriptions(SubscriptionsLoad)
    }

    public var name: String
    /// One line for people.
    public var about: String
    public var work: Work

    public init(name: String, about: String, work: Work) {
        self.name = name
        self.about = about
        self.work = work
    }

    /// What brokers are compared by. Payloads have 64 bytes.
    ///
    /// The connections come first: only a broker that has not been busy yet has no memory left over from before.
    public static let standard: [BenchCase] = [
        BenchCase(
            name: "connections", about: "5000 idle connections with one subscription each",
            work: .connections(ConnectionsLoad(connections: 5000))),
        BenchCase(
            name: "pairs-q0", about: "10 publishers to 10 subscribers, QoS 0",
            work: .pubSub(PubSubLoad(.pairs, publishers: 10, subscribers: 10, qos: .atMostOnce, messages: 160_000))),
        BenchCase(
            name: "pairs-q1", about: "10 publishers to 10 subscribers, QoS 1, 64 in flight",
            work: .pubSub(PubSubLoad(.pairs, publishers: 10, subscribers: 10, qos: .atLeastOnce, messages: 20_000))),
        BenchCase(
            name: "pairs-q2", about: "10 publishers to 10 subscribers, QoS 2, 64 in flight",
            work: .pubSub(PubSubLoad(.pairs, publishers: 10, subscribers: 10, qos: .exactlyOnce, messages: 10_000))),
        BenchCase(
            name: "fanin-q1", about: "50 publishers to one subscriber, QoS 1, 64 in flight",
            work: .pubSub(PubSubLoad(.fanIn, publishers: 50, subscribers: 1, qos: .atLeastOnce, messages: 6000))),
        BenchCase(
            name: "fanout-q0", about: "one publisher to 100 subscribers, QoS 0",
            work: .pubSub(PubSubLoad(.fanOut, publishers: 1, subscribers: 100, qos: .atMostOnce, messages: 40_000))),
        BenchCase(
            name: "fanout-q1", about: "one publisher to 100 subscribers, QoS 1, 64 in flight",
            work: .pubSub(PubSubLoad(.fanOut, publishers: 1, subscribers: 100, qos: .atLeastOnce, messages: 10_000))),
        BenchCase(
            name: "single-q0", about: "one publisher to one subscriber, QoS 0",
            work: .pubSub(PubSubLoad(.pairs, publishers: 1, subscribers: 1, qos: .atMostOnce, messages: 1_600_000))),
        BenchCase(
            name: "one-by-one-q1", about: "50 publishers to 50 subscribers, QoS 1, 1 in flight",
            work: .pubSub(
                PubSubLoad(
                    .pairs, publishers: 50, subscribers: 50, qos: .atLeastOnce, messages: 2000, window: 1))),
        BenchCase(
            name: "latency-q1", about: "one publisher to one subscriber, QoS 1, 1000 a second",
            work: .pubSub(
                PubSubLoad(.pairs, publishers: 1, subscribers: 1, qos: .atLeastOnce, messages: 5000, rate: 1000))),
    ]

    /// Many connections and topics at once.
    public static let scale: [BenchCase] = [
        BenchCase(
            name: "connections-10k", about: "10,000 idle connections with one wildcard subscription each",
            work: .connections(ConnectionsLoad(connections: 10_000))),
        BenchCase(
            name: "topics-10k", about: "10,000 connections in 5000 pairs, each with a topic of its own, QoS 1",
            work: .pubSub(
                PubSubLoad(
                    .pairs, publishers: 5000, subscribers: 5000, qos: .atLeastOnce, messages: 40, window: 1))),
    ]

    /// A million subscriptions against ten, by what publishes cost that fit none or one of them.
    ///
    /// Memory is that of the first case; later ones find it in the process.
    public static let matching: [BenchCase] = [
        matching("subscriptions-1m", subscriptions: 1_000_000, connections: 200, .one),
        matching("unmatched-1m", subscriptions: 1_000_000, connections: 200, .nobody),
        matching("matched-10", subscriptions: 10, connections: 10, .one),
        matching("unmatched-10", subscriptions: 10, connections: 10, .nobody),
    ]

    private static func matching(
        _ name: String, subscriptions: Int, connections: Int, _ target: SubscriptionsLoad.Target
    ) -> BenchCase {
        BenchCase(
            name: name,
            about: "publishes to ever new topics that fit \(target == .one ? "one" : "none") of \(subscriptions)"
                + " subscriptions with two wildcards",
            work: .subscriptions(
                SubscriptionsLoad(
                    subscriptions: subscriptions, connections: connections, publishes: 200_000, target: target)))
    }

    /// The latency of well-behaved clients, alone and beside others that are not.
    public static let neighbours: [BenchCase] = [
        neighbours("alone", "one publisher to one subscriber, QoS 1, 1000 a second for 10 seconds", nil),
        neighbours("beside-dead", "the same beside a subscriber that never reads what is sent to it", .deadSubscriber),
        neighbours("beside-flood", "the same beside a client that publishes 100,000 messages a second", .flood),
    ]

    private static func neighbours(_ name: String, _ about: String, _ neighbour: Neighbour?) -> BenchCase {
        BenchCase(
            name: name, about: about,
            work: .pubSub(
                PubSubLoad(
                    .pairs, publishers: 1, subscribers: 1, qos: .atLeastOnce, messages: 10_000, rate: 1000,
                    neighbour: neighbour)))
    }

    /// All that compare brokers.
    public static let all = standard + scale + matching + neighbours

    /// Readings at QoS 1 into a garage service, which acknowledges what it has stored.
    public static func ingest(sensors: Int = 100, messages: Int = 2000, window: Int = 64) -> BenchCase {
        BenchCase(
            name: "ingest", about: "\(sensors) sensors, QoS 1, \(window) readings in flight each",
            work: .pubSub(
                PubSubLoad(
                    .sensors, publishers: sensors, subscribers: 0, qos: .atLeastOnce, messages: messages,
                    window: window)))
    }

    /// The same load with a part of the messages or connections.
    public func divided(by divisor: Int) -> BenchCase {
        var copy = self
        switch work {
        case .pubSub(var load):
            load.messages = max(1, load.messages / max(1, divisor))
            copy.work = .pubSub(load)
        case .connections(var load):
            load.connections = max(1, load.connections / max(1, divisor))
            copy.work = .connections(load)
        case .subscriptions(var load):
            load.publishes = max(1, load.publishes / max(1, divisor))
            copy.work = .subscriptions(load)
        }
        return copy
    }
}

extension LoadGenerator {
    public func run(_ benchCase: BenchCase) async throws -> CaseFigures {
        switch benchCase.work {
        case .pubSub(let load): CaseFigures(name: benchCase.name, try await run(load))
        case .connections(let load): CaseFigures(name: benchCase.name, try await run(load))
        case .subscriptions(let load): CaseFigures(name: benchCase.name, try await run(load))
        }
    }
}
