import MQTTBroker
import MQTTCodec
import NIOCore
import Testing

@Suite("3.1.2.10 and 3.12 Keep Alive")
struct KeepAliveTests {
    private static let will = Will(topic: "will", payload: ByteBuffer(string: "gone"))

    @Test(
        "A client that falls silent for one and a half times its keep-alive is gone as if the network had failed",
        .proves("MQTT-3.1.2-22", "MQTT-3.2.2-22", "MQTT311-3.1.2-24", "TRAP-09"), arguments: ProtocolVersion.allCases)
    func silence(version: ProtocolVersion) async throws {
        try await Broker.run { broker in
            let watcher = try await broker.connect()
            try await watcher.subscribe("will")
            let client = try await broker.connect("silent", version, keepAlive: 1, will: Self.will)
            #expect(client.connack.properties.serverKeepAlive == nil)
            try await client.expectClose(.keepAliveTimeout)
            #expect(try await watcher.receiveTexts(1) == ["gone"])
        }
    }

    @Test(
        "What the broker sends does not keep a client alive", .proves("MQTT-3.1.2-22", "TRAP-09"))
    func receivingIsNotSending() async throws {
        try await Broker.run { broker in
            let client = try await broker.connect("listener", keepAlive: 1)
            try await client.subscribe("a")
            let publisher = try await broker.connect()
            // As long as the broker takes it to be there, it gets messages.
            var isOpen = true
            while isOpen {
                try await publisher.publish("a", "x", .atLeastOnce)
                let packet = try await client.next()
                guard case .publish = packet else {
                    #expect(packet == .disconnect(Disconnect(reasonCode: .keepAliveTimeout)))
                    isOpen = false
                    continue
                }
            }
            #expect(try await client.next() == nil)
        }
    }

    @Test(
        "A client that pings in time stays, and one with keep-alive 0 need not",
        .proves("MQTT-3.1.2-22", "MQTT-3.12.4-1", "TRAP-09"))
    func pings() async throws {
        try await Broker.run { broker in
            let pinging = try await broker.connect("pinging", keepAlive: 3)
            let free = try await broker.connect("free", keepAlive: 0)
            for _ in 0..<3 {
                try await broker.pass(seconds: 2)
                try await pinging.expectNothing()
            }
            try await free.expectNothing()
        }
    }

    @Test(
        "The broker's own keep-alive holds when CONNACK names one",
        .proves("MQTT-3.1.2-21", "MQTT-3.1.2-22", "TRAP-09"), arguments: [0, 600] as [UInt16])
    func serverKeepAlive(wanted: UInt16) async throws {
        var limits = BrokerLimits()
        limits.maximumKeepAlive = 1
        try await Broker.run(limits: limits) { broker in
            let client = try await broker.connect("long", keepAlive: wanted)
            #expect(client.connack.properties.serverKeepAlive == 1)
            try await client.expectClose(.keepAliveTimeout)
        }
    }

    @Test(
        "PINGREQ is answered by PINGRESP", .proves("MQTT-3.12.4-1", "MQTT311-3.12.4-1"),
        arguments: ProtocolVersion.allCases)
    func ping(version: ProtocolVersion) async throws {
        try await Broker.run { broker in
            let client = try await broker.connect(nil, version)
            try await client.send([0xC0, 0x00, 0xC0, 0x00])
            #expect(try await client.nextBytes() == [0xD0, 0x00])
            #expect(try await client.nextBytes() == [0xD0, 0x00])
        }
    }
}
