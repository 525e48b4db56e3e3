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

    /// A masked frame as clients send them; short payloads only.
    private func frame(_ payload: [UInt8], opcode: UInt8 = 2, isLast: Bool = true) -> [UInt8] {
        let mask: [UInt8] = [1, 2, 3, 4]
        let masked = payload.enumerated().map { $1 ^ mask[$0 % 4] }
        return [opcode | (isLast ? 0x80 : 0), 0x80 | UInt8(payload.count)] + mask + masked
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

    @Test("Packets may span frames, and a frame may hold several", arguments: ["mqtt", "mqttv3.1", "foo, mqtt"])
    func packetsAndFrames(subprotocol: String) async throws {
        try await RunningServer.with { running in
            let (client, answer) = try await upgrade(running, subprotocol: subprotocol)
            #expect(answer.hasPrefix("HTTP/1.1 101"))
            #expect(answer.lowercased().contains("sec-websocket-protocol: mqtt"))
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
