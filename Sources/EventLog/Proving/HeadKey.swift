import Crypto

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The Ed25519 key with which a service signs its log's head (RFC 8032). It is made at the first start and never leaves the
/// data folder.
public struct HeadKey: Sendable {
    static let fileName = "head.key"

    private let key: Curve25519.Signing.PrivateKey

    /// The key of a data folder; makes one if there is none.
    ///
    /// Throws if the file can't be read or written, or holds something else.
    public static func open(directory: String) throws(EventLogError) -> HeadKey {
        if let key = try load(directory: directory) { return key }
        let key = Curve25519.Signing.PrivateKey()
        let path = directory + "/" + fileName
        try Files.create(
            path, content: Array((key.rawRepresentation.base64EncodedString() + "\n").utf8), in: directory)
        return HeadKey(key: key)
    }

    /// The key of a data folder; `nil` if it has none yet.
    public static func load(directory: String) throws(EventLogError) -> HeadKey? {
        let path = directory + "/" + fileName
        guard Files.exists(path) else { return nil }
        let text = String(decoding: try Files.read(path, atMost: 200), as: UTF8.self)
        guard let bytes = Data(base64Encoded: String(text.prefix { !$0.isWhitespace })),
            let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: bytes)
        else { throw .corrupt("\(path) holds no key") }
        return HeadKey(key: key)
    }

    /// The 32 bytes with which others check signatures.
    public var publicKey: [UInt8] { Array(key.publicKey.rawRepresentation) }

    /// Signs a head as it was at a moment (microseconds since 1970).
    public func sign(_ head: LogHead, at time: Int64) throws(EventLogError) -> SignedHead {
        let statement = SignedHead.statement(head, at: time)
        guard let signature = try? key.signature(for: statement) else {
            throw .storage("the head can't be signed")
        }
        return SignedHead(head: head, time: time, key: publicKey, signature: Array(signature))
    }
}
