import Foundation
import MQTTCodec
import NIOCore
import Testing

/// One line of the files in `Vectors`: bytes, and what they must decode to.
struct Vector: Decodable, Sendable, CustomTestStringConvertible {
    struct Refusal: Decodable, Sendable {
        /// Such as `0x81`.
        let reason: String
        let clause: String
    }

    let name: String
    /// `3.1`, `3.1.1` or `5.0`.
    let version: String
    /// Spaces have no meaning.
    let hex: String
    /// The packet type of a valid vector.
    let packet: String?
    /// Some or all fields of the packet, in the names that `describe` gives them.
    let fields: [String: String]?
    /// False when another encoding of the same packet is shorter, so that encoding it again gives other bytes.
    let canonical: Bool?
    let error: Refusal?
    /// True when the bytes are only the beginning of a packet.
    let incomplete: Bool?

    var testDescription: String { name }
    var protocolVersion: ProtocolVersion {
        get throws { try #require(ProtocolVersion.allCases.first { text(of: $0) == version }) }
    }
    var bytes: [UInt8] {
        get throws { try #require(decodeHex(hex)) }
    }

    static let all: [Vector] = {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Vectors")
        let files = (try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)) ?? []
        return files.filter { $0.pathExtension == "json" }.sorted { $0.path < $1.path }.flatMap { file in
            (try? JSONDecoder().decode([Vector].self, from: Data(contentsOf: file))) ?? []
        }
    }()

    static let valid = all.filter { $0.packet != nil }
    static let refused = all.filter { $0.error != nil }
}

func decodeHex(_ text: String) -> [UInt8]? {
    let digits = text.compactMap { $0.isWhitespace ? nil : $0.hexDigitValue }
    guard digits.count.isMultiple(of: 2) else { return nil }
    return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
}

func hex(_ bytes: some Sequence<UInt8>) -> String {
    bytes.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
}

func text(of version: ProtocolVersion) -> String {
    switch version {
    case .v3_1: "3.1"
    case .v3_1_1: "3.1.1"
    case .v5: "5.0"
    }
}

/// Calls `body` with the bytes in memory of exactly their size.
func withRawBytes<Result>(_ bytes: [UInt8], _ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
    try bytes.withUnsafeBytes(body)
}

/// The same body behind a fixed header whose Remaining Length says its size.
func packet(firstByte: UInt8, body: some Collection<UInt8>) -> [UInt8] {
    var buffer = ByteBuffer()
    buffer.writeInteger(firstByte)
    buffer.writeVariableByteInteger(body.count)
    buffer.writeBytes(body)
    return Array(buffer.readableBytesView)
}
