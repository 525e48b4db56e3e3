import Crypto

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A log's head with the signature of the service that has the log, to be kept somewhere else: whoever rewrites the log and
/// both its chains can't rewrite what was kept.
///
/// Its text is one line of JSON with the members `log`, `position`, `journal` and `telemetry` (each with `position` and
/// `hash`), `time_us`, `key` and `signature`; hashes are hexadecimal, key and signature base64.
public struct SignedHead: Sendable, Hashable {
    public let head: LogHead
    /// When it was signed: microseconds since 1970.
    public let time: Int64
    /// The signer's Ed25519 public key, 32 bytes.
    public let key: [UInt8]
    /// 64 bytes.
    public let signature: [UInt8]

    init(head: LogHead, time: Int64, key: [UInt8], signature: [UInt8]) {
        self.head = head
        self.time = time
        self.key = key
        self.signature = signature
    }

    /// Whether the signature is that of the key over this head.
    public var isAuthentic: Bool {
        guard let key = try? Curve25519.Signing.PublicKey(rawRepresentation: key) else { return false }
        return key.isValidSignature(Data(signature), for: SignedHead.statement(head, at: time))
    }

    /// The bytes that are signed, fixed for ever: "garage log head 1" (17 bytes), the log's identity (16), the position (8),
    /// position (8) and hash (32) of the journal and then of the telemetry, the time (8). Integers are big-endian.
    static func statement(_ head: LogHead, at time: Int64) -> Data {
        var bytes = Data("garage log head 1".utf8)
        func append(_ value: Int64) { withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) } }
        bytes.append(contentsOf: head.identity.bytes)
        append(head.position)
        for chain in [head.journal, head.telemetry] {
            append(chain.position)
            bytes.append(contentsOf: chain.hash)
        }
        append(time)
        return bytes
    }
}

// MARK: - As text

extension SignedHead {
    private struct Form: Codable {
        struct Chain: Codable {
            var position: Int64
            var hash: String
        }

        var log: String
        var position: Int64
        var journal: Chain
        var telemetry: Chain
        var time: Int64
        var key: String
        var signature: String

        enum CodingKeys: String, CodingKey {
            case log, position, journal, telemetry, time = "time_us", key, signature
        }
    }

    /// One line of JSON, without its end.
    public var text: String {
        func chain(_ head: ChainHead) -> Form.Chain {
            Form.Chain(position: head.position, hash: Hexadecimal.text(of: head.hash))
        }
        let form = Form(
            log: Hexadecimal.text(of: head.identity.bytes), position: head.position, journal: chain(head.journal),
            telemetry: chain(head.telemetry), time: time, key: Data(key).base64EncodedString(),
            signature: Data(signature).base64EncodedString())
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // Strings and integers always have a form in JSON.
        return (try? encoder.encode(form)).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }

    /// The head that a line says, or `nil` if it is none. It need not be authentic.
    public init?(text: some StringProtocol) {
        guard let form = try? JSONDecoder().decode(Form.self, from: Data(text.utf8)),
            let identity = Hexadecimal.bytes(of: form.log).flatMap(LogIdentity.init(bytes:)),
            let journal = Hexadecimal.bytes(of: form.journal.hash), journal.count == EventHash.size,
            let telemetry = Hexadecimal.bytes(of: form.telemetry.hash), telemetry.count == EventHash.size,
            let key = Data(base64Encoded: form.key), let signature = Data(base64Encoded: form.signature)
        else { return nil }
        self.init(
            head: LogHead(
                identity: identity, position: form.position,
                journal: ChainHead(chain: .journal, position: form.journal.position, hash: journal),
                telemetry: ChainHead(chain: .telemetry, position: form.telemetry.position, hash: telemetry)),
            time: form.time, key: Array(key), signature: Array(signature))
    }
}

/// Bytes as pairs of hexadecimal digits.
enum Hexadecimal {
    static func text(of bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    static func bytes(of text: String) -> [UInt8]? {
        let digits = text.utf8.map { Character(UnicodeScalar($0)).hexDigitValue }
        guard digits.count.isMultiple(of: 2) else { return nil }
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let high = digits[index], let low = digits[index + 1] else { return nil }
            bytes.append(UInt8(high << 4 | low))
        }
        return bytes
    }
}
