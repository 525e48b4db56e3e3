import Crypto

/// A SHA-256, held in place instead of in an array because the writer makes two for each event.
struct EventHash: Hashable, Sendable {
    static let size = 32

    /// The 32 bytes in the order of memory, whatever the machine's byte order.
    private var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)

    init(_ digest: SHA256.Digest) {
        withUnsafeMutableBytes(of: &words) { target in digest.withUnsafeBytes { target.copyMemory(from: $0) } }
    }

    /// The hash with these bytes, or `nil` if there are not 32.
    init?(bytes: [UInt8]) {
        guard bytes.count == EventHash.size else { return nil }
        withUnsafeMutableBytes(of: &words) { target in bytes.withUnsafeBytes { target.copyMemory(from: $0) } }
    }

    var bytes: [UInt8] { withUnsafeBytes { Array($0) } }

    func withUnsafeBytes<Value>(_ body: (UnsafeRawBufferPointer) throws -> Value) rethrows -> Value {
        try Swift.withUnsafeBytes(of: words, body)
    }

    static func == (left: EventHash, right: EventHash) -> Bool { left.words == right.words }

    func hash(into hasher: inout Hasher) {
        hasher.combine(words.0)
        hasher.combine(words.1)
    }
}
