import Bench
import MQTTCodec
import Testing

@Suite("Loads of subscriptions")
struct SubscriptionsLoadTests {
    private func run(
        _ fault: Responder.Fault? = nil, subscriptions: Int = 600, connections: Int = 2,
        target: SubscriptionsLoad.Target
    ) async throws -> SubscriptionsResult {
        try await Responder.run(fault) { port in
            try await LoadGenerator(broker: BrokerAddress(port: port)).run(
                SubscriptionsLoad(
                    subscriptions: subscriptions, connections: connections, publishes: 200, target: target))
        }
    }

    @Test("Publishes that fit one subscription are acknowledged and delivered once")
    func one() async throws {
        let result = try await run(.downgrades, target: .one)
        #expect(result.fault == nil && result.subscribed == 600)
        #expect(result.acknowledged == 200 && result.delivered == 200 && result.rate > 0)
    }

    @Test("Publishes that fit none are acknowledged and not delivered")
    func nobody() async throws {
        let result = try await run(target: .nobody)
        #expect(result.fault == nil && result.subscribed == 600 && result.acknowledged == 200 && result.delivered == 0)
    }

    @Test("A refused subscription ends the load")
    func refused() async throws {
        let result = try await run(.refusesSubscriptions, target: .nobody)
        #expect(result.fault == .subscriptionRefused(0x80) && result.subscribed == 0)
        let figures = CaseFigures(name: "x", result)
        #expect(figures.remarks.contains("0 of 600 subscriptions"))
    }

    @Test("Loads that make no sense are refused", arguments: [(0, 1), (10, 11), (10, 0)])
    func mistakes(subscriptions: Int, connections: Int) async {
        let load = SubscriptionsLoad(
            subscriptions: subscriptions, connections: connections, publishes: 1, target: .nobody)
        await #expect(throws: LoadError.self) { try await LoadGenerator(broker: BrokerAddress(port: 1)).run(load) }
    }
}

@Suite("Neighbours of a load")
struct NeighbourTests {
    @Test(
        "The messages that are measured all come, and none of the neighbour's among them",
        arguments: Neighbour.allCases)
    func neighbours(neighbour: Neighbour) async throws {
        let result = try await Responder.run { port in
            try await LoadGenerator(broker: BrokerAddress(port: port)).run(
                PubSubLoad(
                    .pairs, publishers: 1, subscribers: 1, qos: .atLeastOnce, messages: 100, rate: 1000,
                    neighbour: neighbour))
        }
        #expect(result.fault == nil && result.delivered == 100 && result.foreign == 0)
        #expect(result.latency?.samples == 100 && result.neighbourWasKept == true)
    }
}
