import MQTTBroker
import MQTTCodec
import NIOCore
import Testing

@Suite("MQTT over WebSocket", .serialized)
struct WebSocketTests {
    private func upgrade(
        _ running: RunningServer, subprotocol: String? = "mqtt", origin: String? = nil
    ) async throws -> (client: WireClient, answer: String) {
        let client = try await WireClient.open(port: running.webSocketPort, version: .v3_1_1)
        var request = "GET /mqtt HTTP/1.1\r\nHost: garage.local:8083\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        request += "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
        if let subprotocol { request += "Sec-WebSocket-Protocol: \(subprotocol)\r\n" }
        if let origin { request += "Origin: \(origin)\r\n" }
        try await client.send(bytes: Array((request + "\r\n").utf8))
        var answer = ""
        while !answer.contains("\r\n\r\n"), let bytes = try await client.nextBytes() {
            answer += String(buffer: bytes)
        }
        return (client, answer)
    }

    /// A masked frame as clients send them.
    private func frame(_ payload: [UInt8], opcode: UInt8 = 2, isLast: Bool = true) -> [UInt8] {
        let mask: [UInt8] = [1, 2, 3, 4]
        let masked = payload.enumerated().map { $1 ^ mask[$0 % 4] }
        let length =
            switch payload.count {
            case ..<126: [UInt8(payload.count)]
            case ..<65_536: [126] + (0..<2).reversed().map { UInt8(truncatingIfNeeded: payload.count >> ($0 * 8)) }
            default: [127] + (0..<8).reversed().map { UInt8(truncatingIfNeeded: payload.count >> ($0 * 8)) }
            }
        return [opcode | (isLast ? 0x80 : 0), 0x80 | length[0]] + length[1...] + mask + masked
    }

    private func bytes(_ packets: Packet...) throws -> [UInt8] {
        var buffer = ByteBuffer()
        for packet in packets { try packet.encode(into: &buffer, version: .v3_1_1) }
        return Array(buffer.readableBytesView)
    }

    /// Reads until the payloads of unmasked binary frames make up this many bytes.
    private func payload(_ client: WireClient, count: Int) async throws -> [UInt8] {
        var raw: [UInt8] = []
        var payload: [UInt8] = []
        while payload.count < count, let more = try await client.nextBytes() {
            raw += Array(more.readableBytesView)
            while raw.count >= 2, raw.count >= 2 + Int(raw[1]) {
                #expect(raw[0] == 0x82)
                payload += raw[2..<(2 + Int(raw[1]))]
                raw.removeFirst(2 + Int(raw[1]))
            }
        }
        return payload
    }

    @Test(
        "Packets may span frames, and a frame may hold several",
        arguments: [
            ("mqtt", "mqtt"), ("mqttv3.1", "mqttv3.1"), ("foo, mqtt", "mqtt"), ("mqttv3.1, mqtt", "mqtt"),
        ])
    func packetsAndFrames(subprotocol: String, answered: String) async throws {
        try await RunningServer.with { running in
            let (client, answer) = try await upgrade(running, subprotocol: subprotocol)
            #expect(answer.hasPrefix("HTTP/1.1 101"))
            // The whole value: one name begins with the other [MQTT-6.0.0-4].
            let line = answer.split(separator: "\r\n").first { $0.lowercased().hasPrefix("sec-websocket-protocol:") }
            #expect(line?.split(separator: " ").dropFirst().joined(separator: " ") == answered)
            let connect = try bytes(.connect(Connect(version: .v3_1_1, clientID: "w")))
            for byte in connect { try await client.send(bytes: frame([byte])) }
            #expect(try await payload(client, count: 4) == [0x20, 2, 0, 0])
            let together = try bytes(
                .subscribe(Subscribe(packetID: 1, subscriptions: [Subscription(filter: "t", qos: .atMostOnce)])),
                .publish(Publish(topic: "t", payload: ByteBuffer(string: "hi"))), .pingreq)
            // One message in two frames, with a ping of WebSocket's own between them.
            try await client.send(bytes: frame(Array(together[..<7]), isLast: false))
            try await client.send(bytes: frame(Array(together[7...]), opcode: 0))
            let expected = try bytes(
                .suback(Suback(packetID: 1, reasonCodes: [.grantedQoS0])),
                .publish(Publish(topic: "t", payload: ByteBuffer(string: "hi"))), .pingresp)
            let received = try await payload(client, count: expected.count)
            #expect(received.count == expected.count)
            #expect(Set(received) == Set(expected))
        }
    }

    @Test("Each packet of the broker has a frame of its own, and a large one a single frame")
    func framePerPacket() async throws {
        try await RunningServer.with { running in
            let (client, _) = try await upgrade(running)
            try await client.send(bytes: frame(try bytes(.connect(Connect(version: .v3_1_1, clientID: "w")))))
            let large = ByteBuffer(repeating: 0x61, count: 300_000)
            let sent: [Packet] = [
                .subscribe(Subscribe(packetID: 1, subscriptions: [Subscription(filter: "t", qos: .exactlyOnce)])),
                .publish(Publish(topic: "t", payload: ByteBuffer(string: "1"), qos: .atLeastOnce, packetID: 1)),
                .publish(Publish(topic: "t", payload: large)),
                .publish(Publish(topic: "t", payload: ByteBuffer(repeating: 0x62, count: 200))), .pingreq,
            ]
            try await client.send(bytes: frame(try sent.flatMap { try bytes($0) }) + frame([7], opcode: 9))
            var raw: [UInt8] = []
            var frames: [[UInt8]] = []
            while frames.count < 8, let more = try await client.nextBytes() {
                raw += Array(more.readableBytesView)
                while let next = Self.takeFrame(&raw) { frames.append(next) }
            }
            // CONNACK, SUBACK, the three messages, PUBACK, PINGRESP, and the pong.
            var kinds: [UInt8: Int] = [:]
            for frame in frames { kinds[frame[0] == 0x8A ? 0x8A : frame[1] & 0xF0, default: 0] += 1 }
            #expect(kinds == [0x20: 1, 0x90: 1, 0x30: 3, 0x40: 1, 0xD0: 1, 0x8A: 1])
            #expect(frames.contains { $0.count > 300_000 })
            for frame in frames where frame[0] == 0x82 {
                var length = 0
                let digits = frame[2...].prefix { $0 & 0x80 != 0 }.count + 1
                for (index, digit) in frame[2..<(2 + digits)].enumerated() {
                    length |= Int(digit & 0x7F) << (7 * index)
                }
                #expect(frame.count == 2 + digits + length, "a frame is not one packet")
            }
        }
    }

    /// The first byte and the payload of the frame that the bytes begin with.
    private static func takeFrame(_ raw: inout [UInt8]) -> [UInt8]? {
        guard raw.count >= 2 else { return nil }
        let digits = raw[1] == 126 ? 2 : raw[1] == 127 ? 8 : 0
        guard raw.count >= 2 + digits else { return nil }
        let length = digits == 0 ? Int(raw[1]) : raw[2..<(2 + digits)].reduce(0) { $0 << 8 | Int($1) }
        guard raw.count >= 2 + digits + length else { return nil }
        defer { raw.removeFirst(2 + digits + length) }
        return [raw[0]] + raw[(2 + digits)..<(2 + digits + length)]
    }

    @Test("A frame may be larger than the largest packet, as it may hold many")
    func largeFrame() async throws {
        var limits = BrokerLimits()
        limits.maximumPacketSize = 100_000
        try await RunningServer.with(limits: limits) { running in
            let (client, _) = try await upgrade(running)
            try await client.send(bytes: frame(try bytes(.connect(Connect(version: .v3_1_1, clientID: "w")))))
            #expect(try await payload(client, count: 4) == [0x20, 2, 0, 0])
            let large = ByteBuffer(repeating: 0x61, count: 60_000)
            let packets = try (1...4).flatMap { (id: UInt16) in
                try bytes(.publish(Publish(topic: "t", payload: large, qos: .atLeastOnce, packetID: id)))
            }
            try await client.send(bytes: frame(packets))
            let expected = try (1...4).flatMap { try bytes(.puback(Acknowledgement(packetID: $0))) }
            #expect(try await payload(client, count: expected.count) == expected)
        }
    }

    @Test("What is in a frame is handed on before the frame has all come")
    func endlessFrame() async throws {
        try await RunningServer.with { running in
            let (client, _) = try await upgrade(running)
            // The header of a frame of 2^62 bytes, whose mask changes nothing, and a packet in it.
            let header: [UInt8] = [0x82, 0xFF, 0x40, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
            try await client.send(bytes: header + bytes(.connect(Connect(version: .v3_1_1, clientID: "w"))))
            #expect(try await payload(client, count: 4) == [0x20, 2, 0, 0])
            try await client.send(bytes: bytes(.pingreq))
            #expect(try await payload(client, count: 2) == [0xD0, 0])
        }
    }

    @Test("A close frame is answered with its code, and what breaks the rules of frames with 1002")
    func closes() async throws {
        try await RunningServer.with { running in
            for (sent, code) in [
                (frame([0x03, 0xE9], opcode: 8), 1001 as UInt16), (frame([], opcode: 8), 1000),
                // No mask; a reserved bit; a reserved opcode; a ping in parts; a ping that is long; nothing to continue.
                ([0x82, 0x01, 0x10], 1002), (frame([0x10], opcode: 0x42), 1002), (frame([0x10], opcode: 3), 1002),
                (frame([1], opcode: 9, isLast: false), 1002), (frame(Array(repeating: 1, count: 126), opcode: 9), 1002),
                (frame([1], opcode: 0), 1002),
                // A length with its highest bit set.
                ([0x82, 0xFF, 0x80, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4], 1002),
            ] {
                let (client, _) = try await upgrade(running)
                try await client.send(bytes: sent)
                var answer = try await client.nextBytes()
                #expect(answer?.readBytes(length: 2) == [0x88, 2], "\(sent.prefix(16))")
                #expect(answer?.readInteger(as: UInt16.self) == code, "\(sent.prefix(16))")
                #expect(try await client.nextBytes() == nil)
            }
        }
    }

    @Test("A text frame ends the connection [MQTT-6.0.0-1]")
    func textFrame() async throws {
        try await RunningServer.with { running in
            let (client, _) = try await upgrade(running)
            try await client.send(bytes: frame([0x68], opcode: 1))
            let answer = try await client.nextBytes()
            #expect(answer?.getInteger(at: 0) == 0x88 as UInt8)
            #expect(try await client.nextBytes() == nil)
        }
    }

    @Test("Who does not ask for MQTT, or comes from a page of another host, is refused")
    func refusals() async throws {
        try await RunningServer.with { running in
            #expect(try await upgrade(running, subprotocol: "chat").answer.hasPrefix("HTTP/1.1 400"))
            #expect(try await upgrade(running, subprotocol: nil).answer.hasPrefix("HTTP/1.1 400"))
            #expect(try await upgrade(running, origin: "https://evil.example").answer.hasPrefix("HTTP/1.1 400"))
            // The upgrade's request is for the host garage.local, a name that anybody's page could bear.
            #expect(try await upgrade(running, origin: "http://garage.local:8080").answer.hasPrefix("HTTP/1.1 400"))
            let plain = try await WireClient.open(port: running.webSocketPort)
            try await plain.send(bytes: Array("GET / HTTP/1.1\r\nHost: x\r\n\r\n".utf8))
            let answer = try await plain.nextBytes().map { String(buffer: $0) }
            #expect(answer?.hasPrefix("HTTP/1.1 400") == true)
        }
    }
}
