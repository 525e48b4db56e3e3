import MQTTCodec
import NIOCore
import Testing

@Suite("6 WebSocket")
struct WebSocketTests {
    /// Upgrades and returns the connection with the lines of the answer.
    private func upgrade(
        _ broker: Broker, subprotocols: String = "mqtt"
    ) async throws -> (client: Client, lines: [Substring]) {
        let client = try await broker.open(.v3_1_1, webSocket: true)
        let request = [
            "GET /mqtt HTTP/1.1", "Host: localhost", "Upgrade: websocket", "Connection: Upgrade",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Protocol: \(subprotocols)", "", "",
        ]
        try await client.send(Array(request.joined(separator: "\r\n").utf8))
        var answer: [UInt8] = []
        while !answer.suffix(4).elementsEqual("\r\n\r\n".utf8), let more = try await client.nextChunk() {
            answer += more
        }
        return (client, String(decoding: answer, as: UTF8.self).split(separator: "\r\n"))
    }

    /// A masked frame as clients send them.
    private func frame(_ payload: [UInt8], opcode: UInt8 = 2, isLast: Bool = true) -> [UInt8] {
        let mask: [UInt8] = [0x12, 0x34, 0x56, 0x78]
        let length = payload.count < 126 ? [UInt8(payload.count)] : [126] + Raw.field(payload).prefix(2)
        return [opcode | (isLast ? 0x80 : 0), 0x80 | length[0]] + length.dropFirst() + mask
            + payload.enumerated().map { $1 ^ mask[$0 % 4] }
    }

    /// Reads until the payloads of the broker's binary frames make up this many bytes; there is nothing else but pongs.
    private func payload(_ client: Client, count: Int) async throws -> [UInt8] {
        var stream: [UInt8] = []
        var payload: [UInt8] = []
        while payload.count < count, let more = try await client.nextChunk() {
            stream += more
            while stream.count >= 2 {
                let isLong = stream[1] == 126
                guard !isLong || stream.count >= 4 else { break }
                let length = isLong ? Int(stream[2]) << 8 | Int(stream[3]) : Int(stream[1])
                let header = isLong ? 4 : 2
                guard stream.count >= header + length else { break }
                #expect(stream[0] == 0x82 || stream[0] == 0x8A)
                if stream[0] == 0x82 { payload += stream[header..<(header + length)] }
                stream.removeFirst(header + length)
            }
        }
        return payload
    }

    private func bytes(_ packets: Packet...) throws -> [UInt8] {
        var buffer = ByteBuffer()
        for packet in packets { try packet.encode(into: &buffer, version: .v3_1_1) }
        return Array(buffer.readableBytesView)
    }

    @Test(
        "Packets come in binary frames, whole, cut and several in one",
        .proves("MQTT-6.0.0-1", "MQTT-6.0.0-2", "MQTT-4.2-1", "MQTT311-6.0.0-1", "MQTT311-6.0.0-2"))
    func frames() async throws {
        try await Broker.run { broker in
            let (client, _) = try await upgrade(broker)
            for byte in try bytes(.connect(Connect(version: .v3_1_1, clientID: "w"))) {
                try await client.send(frame([byte]))
            }
            #expect(try await payload(client, count: 4) == [0x20, 0x02, 0x00, 0x00])
            let text = String(repeating: "x", count: 1000)
            let publish = Packet.publish(Publish(topic: "t", payload: ByteBuffer(string: text)))
            let subscription = Subscription(filter: "t", qos: .atMostOnce)
            let sent = try bytes(.subscribe(Subscribe(packetID: 1, subscriptions: [subscription])), publish)
            // The end of one packet and the beginning of the next in one frame, a frame of nothing, a message in pieces.
            try await client.send(
                frame(Array(sent[..<3])) + frame([]) + frame(Array(sent[3..<20]))
                    + frame(Array(sent[20..<500]), isLast: false) + frame([], opcode: 9)
                    + frame(Array(sent[500...]), opcode: 0))
            let expected = try bytes(.suback(Suback(packetID: 1, reasonCodes: [.grantedQoS0])), publish)
            #expect(try await payload(client, count: expected.count) == expected)
        }
    }

    @Test(
        "A text frame closes the connection", .proves("MQTT-6.0.0-1", "MQTT311-6.0.0-1"), arguments: [true, false])
    func textFrame(isConnected: Bool) async throws {
        try await Broker.run { broker in
            let (client, _) = try await upgrade(broker)
            if isConnected {
                try await client.send(frame(try bytes(.connect(Connect(version: .v3_1_1, clientID: "w")))))
                #expect(try await payload(client, count: 4).first == 0x20)
            }
            try await client.send(frame(try bytes(.pingreq), opcode: 1))
            // A close frame at most.
            while let more = try await client.nextChunk() { #expect(more.first == 0x88) }
        }
    }

    @Test(
        "The subprotocol that the broker picks is mqtt", .proves("MQTT-6.0.0-4", "MQTT-6.0.0-3", "MQTT311-6.0.0-4"),
        arguments: ["mqtt", "chat, mqtt", "mqttv3.1, mqtt", "mqtt, mqttv3.1"])
    func subprotocol(offered: String) async throws {
        try await Broker.run { broker in
            let (_, lines) = try await upgrade(broker, subprotocols: offered)
            #expect(lines.first?.hasPrefix("HTTP/1.1 101") == true)
            let chosen = lines.map { $0.lowercased() }.filter { $0.hasPrefix("sec-websocket-protocol:") }
            #expect(chosen.map { $0.split(separator: " ").last } == ["mqtt"])
        }
    }

    @Test("Who does not offer mqtt is not upgraded", .proves("MQTT-6.0.0-3", "MQTT311-6.0.0-3"))
    func otherSubprotocol() async throws {
        try await Broker.run { broker in
            let (_, lines) = try await upgrade(broker, subprotocols: "chat")
            #expect(lines.first?.hasPrefix("HTTP/1.1 101") == false)
        }
    }
}
