import MQTTCodec
import Testing

@Suite("Fixed headers")
struct FixedHeaderTests {
    /// The first bytes that MQTT 3.1.1 and 5.0 allow, written down one by one.
    private static let good: [UInt8: PacketType] = [
        0x10: .connect, 0x20: .connack, 0x40: .puback, 0x50: .pubrec, 0x62: .pubrel, 0x70: .pubcomp, 0x82: .subscribe,
        0x90: .suback, 0xA2: .unsubscribe, 0xB0: .unsuback, 0xC0: .pingreq, 0xD0: .pingresp, 0xE0: .disconnect,
        0xF0: .auth, 0x30: .publish, 0x31: .publish, 0x32: .publish, 0x33: .publish, 0x34: .publish, 0x35: .publish,
        0x3A: .publish, 0x3B: .publish, 0x3C: .publish, 0x3D: .publish,
    ]

    @Test("every first byte is judged alike, with any length and as soon as it is there")
    func firstBytes() throws {
        for first in UInt8.min...UInt8.max {
            for rest: [UInt8] in [[], [0x00], [0x7F], [0x80], [0x80, 0x01], [0xFF, 0x7F], [0xFF, 0xFF, 0xFF, 0x7F]] {
                for version in [ProtocolVersion.v3_1_1, .v5] {
                    let expected = first == 0xF0 && version == .v3_1_1 ? nil : Self.good[first]
                    do {
                        let header = try withRawBytes([first] + rest) { try FixedHeader.peek($0, version: version) }
                        let isWhole = rest.last.map { $0 < 0x80 } ?? false
                        #expect(expected != nil && (header == nil) == !isWhole, "\(first) \(rest)")
                        #expect(header == nil || header?.type == expected)
                    } catch {
                        #expect(expected == nil, "\(first) \(rest) \(error)")
                    }
                }
            }
        }
    }

    @Test("every length of one and two bytes, and those around four, are read", arguments: [0x30, 0x40] as [UInt8])
    func lengths(first: UInt8) throws {
        for length in Array(0...16_500) + [2_097_151, 2_097_152, 268_435_455] {
            let bytes = packetHeader(first, length)
            let header = try #require(try withRawBytes(bytes) { try FixedHeader.peek($0) })
            if header.remainingLength != length || header.headerLength != bytes.count {
                Issue.record("\(length)")
            }
        }
    }

    /// By the algorithm that the specification gives in section 1.5.5.
    private func packetHeader(_ first: UInt8, _ length: Int) -> [UInt8] {
        var bytes = [first]
        var rest = length
        repeat {
            let digit = rest % 128
            rest /= 128
            bytes.append(UInt8(rest > 0 ? digit | 128 : digit))
        } while rest > 0
        return bytes
    }

    @Test func sizes() {
        let header = FixedHeader(typeAndFlags: 0x3D, type: .publish, remainingLength: 300, headerLength: 3)
        #expect(header.flags == 0x0D)
        #expect(header.totalLength == 303)
    }
}
