import Crypto
import CryptoExtras
public import Foundation

/// What a server keeps of a password so that it can check a SCRAM-SHA-256 login (RFC 5802, RFC 7677). The password can't
/// be worked out from it, nor can somebody who has read it log in with it.
public struct ScramVerifier: Sendable, Hashable, Codable {
    /// Random bytes, different for each user.
    public let salt: Data
    /// Rounds of PBKDF2; RFC 7677 asks for at least 4096.
    public let iterations: Int
    public let storedKey: Data
    public let serverKey: Data

    public static let leastIterations = 4096

    /// - Parameters:
    ///   - password: the password's UTF-8 bytes.
    ///   - salt: at least 16 random bytes.
    ///   - iterations: raised to 4096 if it is less.
    /// - Throws: if the key can't be derived.
    public init(password: [UInt8], salt: Data, iterations: Int = leastIterations) throws {
        let rounds = max(iterations, Self.leastIterations)
        let salted = try KDF.Insecure.PBKDF2.deriveKey(
            from: Data(password), salt: salt, using: .sha256, outputByteCount: 32, unsafeUncheckedRounds: rounds)
        self.salt = salt
        self.iterations = rounds
        let clientKey = Self.hmac(salted, "Client Key")
        storedKey = Data(SHA256.hash(data: clientKey))
        serverKey = Self.hmac(salted, "Server Key")
    }

    private static func hmac(_ key: SymmetricKey, _ text: String) -> Data {
        Data(HMAC<SHA256>.authenticationCode(for: Data(text.utf8), using: key))
    }
}
