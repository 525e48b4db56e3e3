import MQTTCodec
import NIOCore
import Testing

@Suite("Bytes and the packets they stand for")
struct VectorTests {
    @Test("every packet type is covered in every version that has it")
    func coverage() {
        #expect(Vector.all.count >= 150)
        #expect(Set(Vector.all.map(\.name)).count == Vector.all.count)
        for version in ProtocolVersion.allCases {
            let covered = Set(Vector.valid.filter { $0.version == text(of: version) }.compactMap(\.packet))
            let existing = PacketType.allCases.filter { $0 != .auth || version == .v5 }
            #expect(covered == Set(existing.map { "\($0)" }))
        }
    }

    @Test(arguments: Vector.valid)
    func decodes(_ vector: Vector) throws {
        let packet = try Packet.decode(ByteBuffer(bytes: vector.bytes), version: vector.protocolVersion)
        #expect("\(packet.type)" == vector.packet)
        let fields = describe(packet)
        for (name, value) in vector.fields ?? [:] { #expect(fields[name] == value, "\(name)") }
    }

    @Test(arguments: Vector.valid)
    func encodesAgain(_ vector: Vector) throws {
        let version = try vector.protocolVersion
        let packet = try Packet.decode(ByteBuffer(bytes: vector.bytes), version: version)
        var out = ByteBuffer(string: "before")
        try packet.encode(into: &out, version: version)
        #expect(out.readString(length: 6) == "before")
        #expect(try packet.encodedSize(version: version) == out.readableBytes)
        #expect(try Packet.decode(out, version: version) == packet)
        if vector.canonical ?? true {
            #expect(try hex(out.readableBytesView) == hex(vector.bytes))
        } else {
            #expect(try out.readableBytes <= vector.bytes.count)
        }
    }

    @Test(arguments: Vector.refused)
    func refuses(_ vector: Vector) throws {
        let expected = try #require(vector.error)
        var decoder = try PacketDecoder(version: vector.protocolVersion)
        var bytes = try ByteBuffer(bytes: vector.bytes)
        decoder.append(&bytes)
        let error = try #require(throws: DecodeError.self) { try decoder.next() }
        #expect("0x" + String(error.reasonCode.rawValue, radix: 16, uppercase: true) == expected.reason)
        #expect(error.clause == expected.clause)
        #expect(!error.detail.isEmpty)
        // Nothing behind a bad packet is trusted.
        var ping = ByteBuffer(bytes: [0xC0, 0x00])
        decoder.append(&ping)
        #expect(throws: error) { try decoder.next() }
    }

    @Test(arguments: Vector.all.filter { $0.incomplete == true })
    func asksForMore(_ vector: Vector) throws {
        var decoder = try PacketDecoder(version: vector.protocolVersion)
        var bytes = try ByteBuffer(bytes: vector.bytes)
        decoder.append(&bytes)
        #expect(try decoder.next() == nil)
        #expect(throws: DecodeError.self) {
            try Packet.decode(ByteBuffer(bytes: vector.bytes), version: vector.protocolVersion)
        }
    }
}
