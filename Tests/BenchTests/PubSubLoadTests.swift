import Bench
import MQTTCodec
import NIOCore
import Testing

@Suite("Loads of messages")
struct PubSubLoadTests {
    private static let short = LoadLimits(setUp: .seconds(10), quiet: .milliseconds(300), total: .seconds(30))

    private func run(
        _ load: PubSubLoad, _ fault: Responder.Fault? = nil, limits: LoadLimits = Self.short
    ) async throws -> PubSubResult {
        try await Responder.run(fault) { port in
            try await LoadGenerator(broker: BrokerAddress(port: port), limits: limits).run(load)
        }
    }

    private func pairs(_ qos: QoS, messages: Int = 500) -> PubSubLoad {
        PubSubLoad(.pairs, publishers: 1, subscribers: 1, qos: qos, messages: messages, window: 16)
    }

    @Test("An honest broker gets all counts right", arguments: QoS.allCases)
    func honest(qos: QoS) async throws {
        let layouts: [(PubSubLoad.Layout, Int, Int, Int)] = [
            (.pairs, 3, 3, 1500), (.fanIn, 4, 2, 4000), (.fanOut, 1, 5, 2500),
        ]
        for (layout, publishers, subscribers, deliveries) in layouts {
            let load = PubSubLoad(
                layout, publishers: publishers, subscribers: subscribers, qos: qos, messages: 500, payloadBytes: 33)
            let result = try await run(load, limits: LoadLimits())
            #expect(result.fault == nil)
            #expect(load.expectedDeliveries == deliveries)
            #expect(result.delivered == deliveries && result.lost == 0)
            #expect(result.published == publishers * 500)
            #expect(result.acknowledged == (qos == .atMostOnce ? 0 : publishers * 500))
            #expect(result.duplicates == 0 && result.reordered == 0 && result.foreign == 0)
            #expect(result.seconds > 0 && result.rate > 0)
        }
    }

    @Test("Messages larger than a read arrive whole")
    func large() async throws {
        let load = PubSubLoad(
            .pairs, publishers: 1, subscribers: 1, qos: .atLeastOnce, messages: 20, payloadBytes: 300_000)
        let result = try await run(load, limits: LoadLimits())
        #expect(result.delivered == 20 && result.acknowledged == 20)
    }

    @Test("A lost message is not counted, and ends the case by its quiet time", arguments: QoS.allCases)
    func loss(qos: QoS) async throws {
        let result = try await run(pairs(qos), .loses(250))
        #expect(result.fault == .timedOut)
        #expect(result.delivered == 499 && result.lost == 1)
    }

    @Test("A copy is counted apart", arguments: QoS.allCases)
    func copy(qos: QoS) async throws {
        let result = try await run(pairs(qos), .repeats(250))
        #expect(result.fault == nil && result.delivered == 500 && result.duplicates == 1)
    }

    @Test("A copy of the last message is found although all had come", arguments: [QoS.atLeastOnce, .exactlyOnce])
    func lastCopy(qos: QoS) async throws {
        let result = try await run(pairs(qos), .repeats(499))
        #expect(result.delivered == 500 && result.duplicates == 1)
    }

    @Test("A message behind a later one is out of order, and no loss", arguments: QoS.allCases)
    func order(qos: QoS) async throws {
        let result = try await run(pairs(qos), .delays(250))
        #expect(result.fault == nil && result.delivered == 500)
        #expect(result.reordered == 1 && result.duplicates == 0)
    }

    @Test("A message that nobody sent is no delivery")
    func forged() async throws {
        let result = try await run(pairs(.atMostOnce), .forges(3))
        #expect(result.fault == .timedOut)
        #expect(result.delivered == 499 && result.foreign == 1)
    }

    @Test("Without acknowledgements the window stays shut", arguments: [QoS.atLeastOnce, .exactlyOnce])
    func unacknowledged(qos: QoS) async throws {
        let result = try await run(pairs(qos), .neverAcknowledges)
        #expect(result.fault == .timedOut)
        #expect(result.published == 16 && result.acknowledged == 0 && result.delivered == 16)
    }

    @Test("An acknowledgement too many is a fault", arguments: [QoS.atLeastOnce, .exactlyOnce])
    func twice(qos: QoS) async throws {
        #expect(try await run(pairs(qos), .acknowledgesTwice).fault == .unexpectedAcknowledgement(1))
    }

    @Test(
        "What ends a load says why",
        arguments: [
            (Responder.Fault.refusesConnections, LoadFault.refused(5)),
            (.refusesSubscriptions, .subscriptionRefused(0x80)),
            (.downgrades, .wrongQoS(0)), (.hangsUp(100), .closedByServer),
            (.sendsGarbage, .malformed("a packet length of more than four bytes")),
        ])
    func faults(fault: Responder.Fault, expected: LoadFault) async throws {
        let result = try await run(pairs(.atLeastOnce), fault)
        #expect(result.fault == expected)
        #expect(result.delivered <= 100)
    }

    @Test("A load with a rate measures each message's time, and sends no faster")
    func rate() async throws {
        let load = PubSubLoad(
            .pairs, publishers: 2, subscribers: 2, qos: .atLeastOnce, messages: 50, rate: 1000)
        let result = try await run(load, limits: LoadLimits())
        let latency = try #require(result.latency)
        #expect(latency.samples == 100)
        #expect(latency.p50 > 0 && latency.p50 <= latency.p99)
        #expect(latency.p99 <= latency.p999 && latency.p999 <= latency.maximum)
        #expect(result.seconds >= 0.048)
    }

    @Test("Sensors need no subscriber: what is acknowledged counts")
    func sensors() async throws {
        let load = PubSubLoad(.sensors, publishers: 5, subscribers: 0, qos: .atLeastOnce, messages: 200)
        let result = try await run(load, limits: LoadLimits())
        #expect(result.acknowledged == 1000 && result.delivered == 0 && result.lost == 0)
        #expect(result.fault == nil && result.rate > 0)
    }

    @Test("Nobody there is an error, and so is a load without sense")
    func errors() async throws {
        let port = try await Responder.run { $0 }
        let generator = LoadGenerator(broker: BrokerAddress(port: port))
        let refused = await #expect(throws: LoadError.self) { try await generator.run(pairs(.atMostOnce)) }
        #expect(refused == .unreachable(host: "127.0.0.1", port: port, reason: "Connection refused"))
        let uneven = PubSubLoad(.pairs, publishers: 2, subscribers: 1, qos: .atMostOnce, messages: 1)
        let error = await #expect(throws: LoadError.self) { try await generator.run(uneven) }
        #expect(error == .invalid("pairs need as many subscribers as publishers"))
        let tiny = PubSubLoad(.pairs, publishers: 1, subscribers: 1, qos: .atMostOnce, messages: 1, payloadBytes: 15)
        #expect(tiny.mistake != nil)
    }
}
