import MQTTCodec
import NIOCore
import Testing

@Suite("Packets in a stream of bytes")
struct StreamTests {
    @Test("a packet that comes byte by byte is taken with its last byte", arguments: Vector.valid)
    func dripFeed(_ vector: Vector) throws {
        let bytes = try vector.bytes
        let version = try vector.protocolVersion
        var decoder = PacketDecoder(version: version)
        for byte in bytes.dropLast() {
            var one = ByteBuffer(bytes: [byte])
            decoder.append(&one)
            #expect(try decoder.next() == nil)
        }
        var last = ByteBuffer(bytes: bytes.suffix(1))
        decoder.append(&last)
        #expect(try decoder.next() == Packet.decode(ByteBuffer(bytes: bytes), version: version))
        #expect(try decoder.next() == nil)
        #expect(decoder.unreadBytes == 0)
    }

    @Test("bad bytes that come one by one are refused for the same reason", arguments: Vector.refused)
    func dripFeedOfRefused(_ vector: Vector) throws {
        var decoder = try PacketDecoder(version: vector.protocolVersion)
        var refusal: DecodeError?
        for byte in try vector.bytes where refusal == nil {
            var one = ByteBuffer(bytes: [byte])
            decoder.append(&one)
            do {
                #expect(try decoder.next() == nil)
            } catch {
                refusal = error
            }
        }
        #expect(refusal?.clause == vector.error?.clause)
    }

    @Test("a packet cut at any length is waited for, never refused", arguments: Vector.valid)
    func truncation(_ vector: Vector) throws {
        let bytes = try vector.bytes
        let version = try vector.protocolVersion
        for length in 0..<bytes.count {
            var decoder = PacketDecoder(version: version)
            var part = ByteBuffer(bytes: bytes.prefix(length))
            decoder.append(&part)
            #expect(try decoder.next() == nil, "cut at \(length)")
            #expect(throws: DecodeError.self) {
                try Packet.decode(ByteBuffer(bytes: bytes.prefix(length)), version: version)
            }
        }
    }

    @Test("a body cut at any length either decodes as a whole packet or is refused", arguments: Vector.valid)
    func shortBody(_ vector: Vector) throws {
        let bytes = try vector.bytes
        let version = try vector.protocolVersion
        let header = try #require(try withRawBytes(bytes) { try FixedHeader.peek($0, version: version) })
        let body = bytes.dropFirst(header.headerLength)
        for length in 0..<body.count {
            let short = packet(firstByte: bytes[0], body: body.prefix(length))
            if let decoded = try? Packet.decode(ByteBuffer(bytes: short), version: version) {
                #expect(decoded.type == header.type)
            }
        }
    }

    @Test("bytes behind a packet are no part of it", arguments: Vector.valid)
    func trailingBytes(_ vector: Vector) throws {
        let bytes = try vector.bytes
        let version = try vector.protocolVersion
        var decoder = PacketDecoder(version: version)
        var stream = ByteBuffer(bytes: bytes + [0xC0, 0x00] + bytes)
        decoder.append(&stream)
        let packet = try Packet.decode(ByteBuffer(bytes: bytes), version: version)
        #expect(try decoder.next() == packet)
        #expect(try decoder.next() == .pingreq)
        #expect(try decoder.next() == packet)
        #expect(try decoder.next() == nil)
        #expect(throws: DecodeError.self) {
            try Packet.decode(ByteBuffer(bytes: bytes + [0]), version: version)
        }
    }

    @Test(
        "a body with a byte too many is refused where the body does not say its own end",
        arguments: Vector.valid.filter { vector in
            !["publish", "subscribe", "suback", "unsubscribe", "unsuback", "disconnect", "auth"]
                .contains(vector.packet ?? "")
        })
    func longBody(_ vector: Vector) throws {
        let bytes = try vector.bytes
        let version = try vector.protocolVersion
        let header = try #require(try withRawBytes(bytes) { try FixedHeader.peek($0, version: version) })
        let isShortForm = vector.packet?.hasPrefix("pub") == true && header.remainingLength < 4
        let isMissingField = vector.version == "3.1" && vector.packet == "connect"
        guard !(version == .v5 && isShortForm), !isMissingField else { return }
        let long = packet(firstByte: bytes[0], body: bytes.dropFirst(header.headerLength) + [0])
        #expect(throws: DecodeError.self) { try Packet.decode(ByteBuffer(bytes: long), version: version) }
    }

    @Test("a packet above the limit is refused as soon as its length is known")
    func maximumPacketSize() throws {
        var decoder = PacketDecoder(version: .v3_1_1, maximumPacketSize: 100)
        var atLimit = ByteBuffer(bytes: packet(firstByte: 0x30, body: [0, 1, 0x61] + [UInt8](repeating: 0, count: 95)))
        #expect(atLimit.readableBytes == 100)
        decoder.append(&atLimit)
        #expect(try decoder.next() != nil)
        var above = ByteBuffer(bytes: [0x30, 99])
        decoder.append(&above)
        let error = try #require(throws: DecodeError.self) { try decoder.next() }
        #expect(error.reasonCode == .packetTooLarge)
    }

    @Test("packets of all lengths around a change of the length's size survive")
    func remainingLengths() throws {
        for size in [0, 1, 124, 125, 126, 16_380, 16_381, 16_382, 2_097_148, 2_097_149] {
            let publish = Packet.publish(
                Publish(topic: "t", payload: ByteBuffer(repeating: 0x61, count: size)))
            var out = ByteBuffer()
            try publish.encode(into: &out, version: .v3_1_1)
            var decoder = PacketDecoder(version: .v3_1_1)
            decoder.append(&out)
            #expect(try decoder.next() == publish)
        }
    }

    @Test("the version of a CONNECT is told even when the rest is bad")
    func announcedVersion() {
        func version(_ bytes: [UInt8]) -> ProtocolVersion? {
            withRawBytes(bytes) { Connect.announcedVersion($0) }
        }
        #expect(version([0x10, 0x0C, 0, 4] + Array("MQTT".utf8) + [5]) == .v5)
        #expect(version([0x10, 0x0C, 0, 4] + Array("MQTT".utf8) + [9]) == .v5)
        #expect(version([0x10, 0xFF, 0x01, 0, 4] + Array("MQTT".utf8) + [4]) == .v3_1_1)
        #expect(version([0x10, 0x0C, 0, 4] + Array("MQTT".utf8) + [0]) == .v3_1_1)
        #expect(version([0x10, 0x0C, 0, 6] + Array("MQIsdp".utf8) + [3]) == .v3_1)
        #expect(version([0x10, 0x0C, 0, 4] + Array("MQTT".utf8)) == nil)
        #expect(version([0x10, 0x0C, 0, 4] + Array("HTTP".utf8) + [4]) == nil)
        #expect(version([0x20, 0x02, 0, 0]) == nil)
        #expect(version([0x10, 0xFF, 0xFF, 0xFF, 0xFF]) == nil)
        #expect(version([]) == nil)
    }
}
