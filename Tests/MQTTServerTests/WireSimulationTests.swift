import MQTTBroker
import MQTTCodec
import MQTTServer
import NIOCore
import Testing

@Suite("Clients that come and go on two loops", .serialized)
struct WireSimulationTests {
    private static let publishers = 6
    private static let messages = 60

    /// What one subscriber has taken, kept across its connections.
    private actor Subscriber {
        private let name: String
        private let port: Int
        private var random: UInt64
        private var counts: [String: Int] = [:]
        private var unreleased: Set<UInt16> = []

        init(_ name: String, port: Int, seed: UInt64) {
            self.name = name
            self.port = port
            random = seed
        }

        /// Connects again and again, each time to whatever loop is next, until every message has come.
        func run(until expected: Set<String>) async throws -> [String: Int] {
            let deadline = ContinuousClock.now + .seconds(60)
            while !expected.isSubset(of: counts.keys), ContinuousClock.now < deadline {
                try await oneConnection(expected)
            }
            return counts
        }

        private func oneConnection(_ expected: Set<String>) async throws {
            let client = try await WireClient.connect(
                port: port, name, clean: false, properties: [.sessionExpiryInterval(600), .receiveMaximum(10)])
            random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            var budget = Int(random >> 33) % 60 + 5
            while budget > 0, !expected.isSubset(of: counts.keys) {
                guard let packet = try? await client.next(within: 0.5) else { break }
                budget -= 1
                try await handle(packet, client)
            }
            await client.close()
        }

        private func handle(_ packet: Packet, _ client: WireClient) async throws {
            switch packet {
            case .publish(let publish):
                let text = String(buffer: publish.payload)
                let id = publish.packetID ?? 0
                if publish.qos == .atLeastOnce {
                    counts[text, default: 0] += 1
                    try await client.send(.puback(Acknowledgement(packetID: id)))
                } else if publish.qos == .exactlyOnce {
                    if unreleased.insert(id).inserted { counts[text, default: 0] += 1 }
                    try await client.send(.pubrec(Acknowledgement(packetID: id)))
                }
            case .pubrel(let release):
                unreleased.remove(release.packetID)
                try await client.send(.pubcomp(Acknowledgement(packetID: release.packetID)))
            default: break
            }
        }
    }

    @Test("Every acknowledged message reaches every subscriber, QoS 2 exactly once", arguments: [1, 2, 3])
    func run(seed: Int) async throws {
        try await RunningServer.with(loops: 2) { running in
            let port = running.port
            let subscribers = (0..<4).map { Subscriber("s\($0)", port: port, seed: UInt64(seed * 100 + $0)) }
            for number in subscribers.indices {
                let client = try await WireClient.connect(
                    port: port, "s\(number)", clean: false, properties: [.sessionExpiryInterval(600)])
                try await client.subscribe("sim/#")
                await client.close()
            }
            var expected: Set<String> = []
            for publisher in 0..<Self.publishers {
                for number in 1...Self.messages { expected.insert(text(publisher, number)) }
            }
            let all = expected
            try await withThrowingTaskGroup(of: Void.self) { group in
                for publisher in 0..<Self.publishers {
                    group.addTask { try await publish(publisher, port: port) }
                }
                for subscriber in subscribers {
                    group.addTask {
                        let counts = try await subscriber.run(until: all)
                        #expect(Set(counts.keys) == all)
                        let doubled = counts.filter { $0.value > 1 && $0.key.hasSuffix("q2") }
                        #expect(doubled.isEmpty)
                    }
                }
                try await group.waitForAll()
            }
            #expect(await running.server.statistics().messagesDropped == 0)
        }
    }

    private func text(_ publisher: Int, _ number: Int) -> String {
        "p\(publisher) \(number) q\(number % 2 + 1)"
    }

    private func publish(_ publisher: Int, port: Int) async throws {
        let client = try await WireClient.connect(port: port, "p\(publisher)")
        for number in 1...Self.messages {
            let qos: QoS = number % 2 == 0 ? .atLeastOnce : .exactlyOnce
            try await client.publish("sim/\(publisher)", text(publisher, number), qos: qos, id: UInt16(number))
            if qos == .exactlyOnce {
                #expect(try await client.next() == .pubrec(Acknowledgement(packetID: UInt16(number))))
                try await client.send(.pubrel(Acknowledgement(packetID: UInt16(number))))
                #expect(try await client.next() == .pubcomp(Acknowledgement(packetID: UInt16(number))))
            } else {
                #expect(try await client.next() == .puback(Acknowledgement(packetID: UInt16(number))))
            }
        }
        try await client.send(.disconnect(Disconnect()))
    }
}
