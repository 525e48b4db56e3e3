import Crypto
import CryptoExtras
import Foundation

/// A password or PIN as it is kept: salted and hashed with scrypt (RFC 7914), the cost written beside the hash so that it
/// can be raised later.
public struct PasswordHash: Sendable, Hashable, Codable {
    /// The CPU and memory cost N; with block size 8 the hash takes 128 · 8 · N bytes of memory.
    private var rounds: Int
    private var salt: Data
    private var hash: Data

    private static let blockSize = 8
    private static let length = 32

    /// The cost for passwords of people: 32 MiB and some ten milliseconds.
    public static let standardRounds = 1 << 15

    /// Hashes `secret`. Takes some ten milliseconds at the standard cost, so not for an event loop.
    public init(_ secret: String, rounds: Int = standardRounds) throws {
        let salt = RandomSecret.bytes(16)
        self.rounds = rounds
        self.salt = salt
        hash = try Self.derive(secret, salt: salt, rounds: rounds)
    }

    /// Whether `secret` is the one that was hashed. The comparison takes as long for a near miss as for a far one.
    public func matches(_ secret: String) -> Bool {
        guard (2...1 << 20).contains(rounds), let given = try? Self.derive(secret, salt: salt, rounds: rounds) else {
            return false
        }
        return ConstantTime.areEqual(given, hash)
    }

    private static func derive(_ secret: String, salt: Data, rounds: Int) throws -> Data {
        let key = try KDF.Scrypt.deriveKey(
            from: Data(secret.utf8), salt: salt, outputByteCount: length, rounds: rounds, blockSize: blockSize,
            parallelism: 1, maxMemory: 256 << 20)
        return key.withUnsafeBytes { Data($0) }
    }
}
