import Foundation
import MQTTBroker
import MQTTCodec
import NIOCore
import Testing

@Suite("Hostile input")
struct HostileInputTests {
    private struct Vector: Decodable {
        var name: String
        var hex: String
    }

    /// The byte strings of the codec's vector files, good and bad.
    private static let vectors: [[UInt8]] = {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "MQTTCodecTests/Vectors")
        let files = (try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)) ?? []
        return files.filter { $0.pathExtension == "json" }.sorted { $0.path < $1.path }.flatMap { file in
            let vectors = (try? Data(contentsOf: file)).flatMap { try? JSONDecoder().decode([Vector].self, from: $0) }
            return (vectors ?? []).compactMap { bytes(fromHex: $0.hex) }
        }
    }()

    private static func bytes(fromHex text: String) -> [UInt8]? {
        let digits = text.filter { !$0.isWhitespace }.compactMap(\.hexDigitValue)
        guard digits.count % 2 == 0 else { return nil }
        return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }

    /// Another client of the same broker must still be served after whatever the first one did.
    private func expectAlive(_ broker: TestBroker, _ witness: TestClient) {
        broker.publish(LocalMessage(topic: "witness", text: "alive"))
        #expect(witness.takeTexts().last == "alive")
        #expect(!witness.isClosed)
    }

    @Test("The vectors are there")
    func vectorsExist() {
        #expect(Self.vectors.count >= 150)
    }

    @Test(
        "Every vector, as the first packet and on an open connection, whole, bytewise and cut off, closes at most its own connection",
        arguments: [ProtocolVersion.v3_1, .v3_1_1, .v5])
    func vectors(version: ProtocolVersion) {
        let broker = TestBroker()
        let witness = broker.subscriber("witness", "witness")
        for (index, bytes) in Self.vectors.enumerated() {
            let whole = broker.connect("c\(index)", version)
            whole.send(bytes: bytes)
            whole.cut()
            let bytewise = broker.connect("d\(index)", version)
            for byte in bytes { bytewise.send(bytes: [byte]) }
            bytewise.cut()
            let first = broker.open(version: version)
            first.isDeaf = true
            first.send(bytes: bytes)
            first.cut()
            let part = broker.connect("e\(index)", version)
            part.send(bytes: Array(bytes.prefix(bytes.count / 2)))
            part.cut()
        }
        expectAlive(broker, witness)
        #expect(broker.statistics.connections == 1)
    }

    @Test("Mutated packets on an open connection never trap", arguments: 1...20)
    func mutations(seed: Int) {
        var random = SplitMix(seed: UInt64(seed))
        let broker = TestBroker(seed: UInt64(seed))
        let witness = broker.subscriber("witness", "witness")
        var client = broker.open()
        client.isDeaf = true
        for round in 0..<1500 {
            if client.isClosed {
                client = broker.connect(
                    "c\(round % 5)", ProtocolVersion.allCases.randomElement(using: &random) ?? .v5,
                    clean: Bool.random(using: &random))
                client.isDeaf = true
            }
            guard var bytes = Self.vectors.randomElement(using: &random), !bytes.isEmpty else { continue }
            for _ in 0..<Int.random(in: 0...3, using: &random) {
                let at = bytes.indices.randomElement(using: &random) ?? 0
                bytes[at] = UInt8.random(in: 0...255, using: &random)
            }
            if Int.random(in: 0..<10, using: &random) == 0 { bytes.removeLast() }
            client.send(bytes: bytes)
            if Int.random(in: 0..<20, using: &random) == 0 { client.cut() }
            if Int.random(in: 0..<50, using: &random) == 0 { broker.advance(seconds: 5) }
        }
        expectAlive(broker, witness)
    }

    @Test("A connection refused tells the policy once, with the rule")
    func report() {
        let broker = TestBroker()
        let client = broker.connect("a")
        _ = broker.policy.takeEvents()
        client.send(bytes: [0x36, 0])
        #expect(client.take().first?.asDisconnect?.reasonCode == .malformedPacket)
        let events = broker.policy.takeEvents()
        #expect(events.count == 3)
        #expect(events.first?.contains("MQTT-3.3.1-4") == true)
        #expect(events.dropFirst() == ["disconnected a error malformedPacket", "ended a connectionEnded 0"])
    }

    @Test("Ever new topics do not fill the memory")
    func manyTopics() {
        let broker = TestBroker()
        let witness = broker.subscriber("witness", "witness")
        let client = broker.connect("a", .v3_1_1)
        for number in 0..<70_000 { client.publish("t/\(number)") }
        expectAlive(broker, witness)
        client.publish("witness", "still")
        #expect(witness.takeTexts() == ["still"])
    }

    @Test("Topics and filters with very many levels are taken or refused, not choked on")
    func manyLevels() {
        let broker = TestBroker()
        let witness = broker.subscriber("witness", "witness")
        let client = broker.connect("a")
        let deep = String(repeating: "/", count: 60_000)
        client.publish(deep, "x", qos: .atLeastOnce, retain: true)
        #expect(client.take() == [.puback(Acknowledgement(packetID: 1, reasonCode: .topicNameInvalid))])
        #expect(client.subscribe(deep) == .topicFilterInvalid)
        client.subscribe("#")
        client.publish(deep, "y", qos: .atMostOnce)
        #expect(!client.isClosed)
        expectAlive(broker, witness)
    }
}

@Suite("Clients that ask and do not listen")
struct DeafClientTests {
    @Test("Answers that nobody reads do not fill the memory")
    func answers() {
        var limits = BrokerLimits()
        limits.outboxHighWater = 1000
        let broker = TestBroker(limits: limits)
        let client = broker.connect("a")
        client.setWritable(false)
        var sent = 0
        while !client.isReadingPaused, sent < 10_000 {
            client.send(.pingreq)
            sent += 1
        }
        #expect(sent == 4001)
        client.setWritable(true)
        #expect(!client.isReadingPaused)
        #expect(client.take().count == sent)
    }
}
