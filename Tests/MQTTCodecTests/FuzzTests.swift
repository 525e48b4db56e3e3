import MQTTCodec
import NIOCore
import Testing

@Suite("Hostile bytes")
struct FuzzTests {
    /// Decodes in every way there is; what decodes must encode, and decode to the same again.
    private func exercise(_ bytes: [UInt8], _ version: ProtocolVersion) throws {
        withRawBytes(bytes) { raw in
            _ = Connect.announcedVersion(raw)
            guard let header = try? FixedHeader.peek(raw, version: version) else { return }
            if header.type == .publish, let view = try? PublishView.parse(raw, header: header, version: version) {
                #expect(view.payload.upperBound == header.totalLength && view.topic.lowerBound >= 2)
            }
            if (4...7).contains(header.type.rawValue) {
                _ = try? AcknowledgementView.parse(raw, header: header, version: version)
            }
        }
        var decoder = PacketDecoder(version: version)
        var buffer = ByteBuffer(bytes: bytes)
        decoder.append(&buffer)
        while let packet = try? decoder.next() {
            var out = ByteBuffer()
            try packet.encode(into: &out, version: version)
            #expect(try Packet.decode(out, version: version) == packet)
        }
    }

    @Test("mutated packets never trap, and round-trip when they decode", arguments: 0..<40 as Range<UInt64>)
    func mutations(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for vector in Vector.all {
            var bytes = try vector.bytes
            for _ in 0...random.below(4) { mutate(&bytes, &random) }
            let version = random.below(8) == 0 ? ProtocolVersion.allCases[random.below(3)] : try vector.protocolVersion
            try exercise(bytes, version)
        }
    }

    @Test("random bytes behind a good fixed header never trap", arguments: 0..<20 as Range<UInt64>)
    func randomBodies(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed &+ 1_000_000)
        for _ in 0..<1_000 {
            let type = PacketType.allCases[random.below(15)]
            let flags = type == .publish ? UInt8(random.below(16)) : type.reservedFlags
            // Small values make plausible lengths and property identifiers.
            let body = (0..<random.below(48)).map { _ in UInt8(random.below(random.below(2) == 0 ? 8 : 256)) }
            let bytes = packet(firstByte: type.rawValue << 4 | flags, body: body)
            try exercise(bytes, ProtocolVersion.allCases[random.below(3)])
        }
    }

    @Test("random bytes never trap", arguments: 0..<10 as Range<UInt64>)
    func randomBytes(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed &+ 2_000_000)
        for _ in 0..<1_000 {
            let bytes = (0..<random.below(64)).map { _ in UInt8(random.below(256)) }
            try exercise(bytes, ProtocolVersion.allCases[random.below(3)])
        }
    }

    private func mutate(_ bytes: inout [UInt8], _ random: inout SeededGenerator) {
        let at = random.below(bytes.count + 1)
        switch random.below(7) {
        case 0 where at < bytes.count: bytes[at] = UInt8(random.below(256))
        case 1 where at < bytes.count: bytes[at] ^= 1 << UInt8(random.below(8))
        case 2: bytes.insert(UInt8(random.below(256)), at: at)
        case 3 where at < bytes.count: bytes.remove(at: at)
        case 4: bytes.removeLast(bytes.count - at)
        case 5 where at < bytes.count: bytes[at] = [0x00, 0x7F, 0x80, 0xFF][random.below(4)]
        default: bytes += bytes.prefix(at)
        }
        // Half of the time the length is made to fit again, so that the change is met behind the header.
        guard random.below(2) == 0, bytes.count > 2, bytes[1] & 0x80 == 0 else { return }
        bytes = packet(firstByte: bytes[0], body: bytes.dropFirst(2))
    }
}
