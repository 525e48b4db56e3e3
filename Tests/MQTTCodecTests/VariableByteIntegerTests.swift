import MQTTCodec
import NIOCore
import Testing

@Suite("Variable byte integers")
struct VariableByteIntegerTests {
    @Test(arguments: [
        (0, "00"), (1, "01"), (127, "7f"), (128, "8001"), (16_383, "ff7f"), (16_384, "808001"),
        (2_097_151, "ffff7f"), (2_097_152, "80808001"), (268_435_455, "ffffff7f"),
    ])
    func known(value: Int, encoded: String) throws {
        var buffer = ByteBuffer()
        buffer.writeVariableByteInteger(value)
        #expect(hex(buffer.readableBytesView) == encoded)
        #expect(VariableByteInteger.length(of: value) == buffer.readableBytes)
        let read = try buffer.withUnsafeReadableBytes { try VariableByteInteger.read($0, at: 0) }
        #expect(read?.value == value)
        #expect(read?.length == buffer.readableBytes)
    }

    @Test(arguments: ["", "80", "ffff", "ffffff"])
    func incomplete(encoded: String) throws {
        let bytes = try #require(decodeHex(encoded))
        #expect(try withRawBytes(bytes) { try VariableByteInteger.read($0, at: 0) } == nil)
    }

    @Test(arguments: [
        ("8000", "MQTT-1.5.5-1"), ("808000", "MQTT-1.5.5-1"), ("ff00", "MQTT-1.5.5-1"), ("80808000", "MQTT-1.5.5-1"),
        ("80808080", "MQTT-1.5.5"), ("ffffffff01", "MQTT-1.5.5"),
    ])
    func refused(encoded: String, clause: String) throws {
        let bytes = try #require(decodeHex(encoded))
        let error = try #require(throws: DecodeError.self) {
            try withRawBytes(bytes) { try VariableByteInteger.read($0, at: 0) }
        }
        #expect(error.clause == clause)
        #expect(error.reasonCode == .malformedPacket)
    }
}

extension VariableByteIntegerTests {
    @Test("reading beyond the end asks for more")
    func offsetBehindTheEnd() throws {
        #expect(try withRawBytes([1, 2]) { try VariableByteInteger.read($0, at: 2) } == nil)
        #expect(try withRawBytes([1, 2]) { try VariableByteInteger.read($0, at: 7) } == nil)
    }
}
