import Bench
import Testing

@Suite("Loads of connections")
struct ConnectionsLoadTests {
    @Test("Every connection gets its subscription")
    func connections() async throws {
        let result = try await Responder.run { port in
            try await LoadGenerator(broker: BrokerAddress(port: port)).run(ConnectionsLoad(connections: 300))
        }
        #expect(result.fault == nil && result.connected == 300 && result.subscribed == 300)
        #expect(result.rate > 0)
    }

    @Test("A refusal ends the load")
    func refused() async throws {
        let result = try await Responder.run(.refusesSubscriptions) { port in
            try await LoadGenerator(broker: BrokerAddress(port: port)).run(ConnectionsLoad(connections: 10))
        }
        #expect(result.fault == .subscriptionRefused(0x80) && result.connected == 10 && result.subscribed == 0)
    }
}
