import NIOCore
import ProxyProtocol
import Testing

@Suite("PROXY header")
struct ProxyHeaderTests {
    private static let signature: [UInt8] = [0x0D, 0x0A, 0x0D, 0x0A, 0, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A]
    private static let v4 = signature + [0x21, 0x11, 0, 12, 203, 0, 113, 9, 10, 0, 0, 1, 0xC3, 0x50, 0x07, 0x5B]

    private func parse(_ bytes: [UInt8]) -> ProxyHeader.Parsed {
        ProxyHeader.parse(ByteBuffer(bytes: bytes).readableBytesView)
    }

    @Test("The client's address is read, for IPv4 and IPv6, with extras behind it")
    func addresses() throws {
        #expect(
            parse(Self.v4 + [0x10])
                == .header(source: try SocketAddress(ipAddress: "203.0.113.9", port: 50000), length: 28))
        var v6 = Self.signature + [0x21, 0x21, 0, 39]
        v6 += [0x20, 0x01, 0x0D, 0xB8] + [UInt8](repeating: 0, count: 11) + [1] + [UInt8](repeating: 0, count: 16)
        v6 += [0x30, 0x39, 0x07, 0x5B, 0x04, 0, 0]
        #expect(parse(v6) == .header(source: try SocketAddress(ipAddress: "2001:db8::1", port: 12345), length: 55))
        #expect(parse(Self.signature + [0x20, 0, 0, 0]) == .header(source: nil, length: 16))
        #expect(parse(Self.signature + [0x21, 0x31, 0, 2, 1, 2]) == .header(source: nil, length: 18))
    }

    @Test("Every beginning of a header waits for more, and never more than it should")
    func cut() {
        for length in 0..<Self.v4.count { #expect(parse(Array(Self.v4.prefix(length))) == .incomplete) }
    }

    @Test("Hostile headers are refused")
    func hostile() {
        let cases: [[UInt8]] = [
            [0x10, 0x20], Array("PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n".utf8), Self.signature + [0x11, 0x11, 0, 12],
            Self.signature + [0x22, 0x11, 0, 12] + [UInt8](repeating: 1, count: 12),
            Self.signature + [0x21, 0x11, 0, 11] + [UInt8](repeating: 1, count: 11),
            Self.signature + [0x21, 0x21, 0, 35] + [UInt8](repeating: 1, count: 35),
            Self.signature + [0x21, 0x11, 0xFF, 0xFF], Self.signature + [0x21, 0x11, 0x08, 0x01],
        ]
        for bytes in cases { #expect(parse(bytes) == .invalid, "\(bytes)") }
        var seed = SystemRandomNumberGenerator()
        for _ in 0..<20_000 {
            var bytes = Self.v4
            for _ in 0..<Int.random(in: 1...4, using: &seed) {
                bytes[Int.random(in: 12..<bytes.count, using: &seed)] = UInt8.random(in: .min ... .max, using: &seed)
            }
            bytes = Array(bytes.prefix(Int.random(in: 0...bytes.count, using: &seed)))
            // Whatever it says, it must not trap, nor take more than is there.
            if case .header(_, let length) = parse(bytes) { #expect(length <= bytes.count) }
        }
    }
}
