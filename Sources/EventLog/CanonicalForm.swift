import Crypto

/// The bytes that are hashed. They are fixed for ever: a log that was written once must verify with every later version.
///
/// Integers are big-endian and signed; `text` is its count of UTF-8 bytes as 4 bytes, then the bytes; `optional x` is a
/// byte 0, or a byte 1 and x; an id is its 16 bytes.
///
/// ```
/// genesis = SHA-256( 0x00, "garage event log 1" (18 bytes), identity (16 bytes), chain (1 byte) )
/// content = SHA-256( 0x01, salt as text, actor as text, optional client id as text, data as text )
/// link    = SHA-256( 0x02, link of the event before in the same chain (or its genesis), header, content )
/// header  = position (8), id (16), chain (1), stream as text, version (8), type as text, schema (8), time (8),
///           recorded (8), channel as text, optional correlation (16), optional causation (16)
/// ```
///
/// What may name a person (actor, client id, data) is hashed apart as the content, so that it can be erased: then its hash
/// takes its place in the row and the chain still holds. The salt goes with it, so that nobody can guess a short content
/// from the hash that stays. Telemetry is pruned by age instead, and has an empty salt.
struct CanonicalForm {
    private var bytes: [UInt8] = []

    init() { bytes.reserveCapacity(512) }

    static func genesis(of chain: Chain, identity: LogIdentity) -> EventHash {
        var form = CanonicalForm()
        form.bytes.append(0x00)
        form.bytes.append(contentsOf: "garage event log 1".utf8)
        form.bytes.append(contentsOf: identity.bytes)
        form.bytes.append(chain.canonical)
        return form.hash()
    }

    mutating func content(salt: Salt, metadata: EventMetadata, data: [UInt8]) -> EventHash {
        bytes.removeAll(keepingCapacity: true)
        bytes.append(0x01)
        appendCount(salt.count)
        salt.withUnsafeBytes { bytes.append(contentsOf: $0) }
        append(metadata.actor)
        append(metadata.clientID)
        appendCount(data.count)
        var hasher = SHA256()
        bytes.withUnsafeBytes { hasher.update(bufferPointer: $0) }
        data.withUnsafeBytes { hasher.update(bufferPointer: $0) }
        return EventHash(hasher.finalize())
    }

    mutating func link(
        after previous: EventHash, event: NewEvent, position: Int64, version: Int64, recorded: Int64, content: EventHash
    ) -> EventHash {
        bytes.removeAll(keepingCapacity: true)
        bytes.append(0x02)
        previous.withUnsafeBytes { bytes.append(contentsOf: $0) }
        append(position)
        append(event.id)
        bytes.append(event.chain.canonical)
        append(event.stream)
        append(version)
        append(event.type)
        append(Int64(event.schema))
        append(event.time)
        append(recorded)
        append(event.metadata.channel)
        append(event.metadata.correlation)
        append(event.metadata.causation)
        content.withUnsafeBytes { bytes.append(contentsOf: $0) }
        return hash()
    }

    private func hash() -> EventHash {
        var hasher = SHA256()
        bytes.withUnsafeBytes { hasher.update(bufferPointer: $0) }
        return EventHash(hasher.finalize())
    }

    private mutating func append(_ value: Int64) {
        withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
    }

    private mutating func appendCount(_ count: Int) {
        withUnsafeBytes(of: UInt32(clamping: count).bigEndian) { bytes.append(contentsOf: $0) }
    }

    private mutating func append(_ text: String) {
        appendCount(text.utf8.count)
        bytes.append(contentsOf: text.utf8)
    }

    private mutating func append(_ text: String?) {
        guard let text else { return bytes.append(0) }
        bytes.append(1)
        append(text)
    }

    private mutating func append(_ id: EventID) {
        withUnsafeBytes(of: id.high.bigEndian) { bytes.append(contentsOf: $0) }
        withUnsafeBytes(of: id.low.bigEndian) { bytes.append(contentsOf: $0) }
    }

    private mutating func append(_ id: EventID?) {
        guard let id else { return bytes.append(0) }
        bytes.append(1)
        append(id)
    }
}

extension Chain {
    fileprivate var canonical: UInt8 { UInt8(truncatingIfNeeded: rawValue) }
}

/// The random bytes that are hashed with an event's content: 16, or none.
enum Salt: Hashable, Sendable {
    case none
    case random(UInt64, UInt64)

    /// What a new event of a chain gets.
    static func make(for chain: Chain) -> Salt {
        switch chain {
        case .journal: .random(.random(in: .min ... .max), .random(in: .min ... .max))
        case .telemetry: .none
        }
    }

    /// The salt with these bytes, or `nil` if there are neither 16 nor none.
    init?(bytes: [UInt8]) {
        if bytes.isEmpty {
            self = .none
        } else if bytes.count == 16 {
            self = bytes.withUnsafeBytes {
                .random($0.loadUnaligned(as: UInt64.self), $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
            }
        } else {
            return nil
        }
    }

    var count: Int { self == .none ? 0 : 16 }

    func withUnsafeBytes<Value>(_ body: (UnsafeRawBufferPointer) throws -> Value) rethrows -> Value {
        switch self {
        case .none: try body(UnsafeRawBufferPointer(start: nil, count: 0))
        case .random(let first, let second): try Swift.withUnsafeBytes(of: (first, second), body)
        }
    }
}
