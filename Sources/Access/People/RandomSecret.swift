import Crypto
import Foundation

/// Secrets that nobody can guess, and the form in which they are kept.
enum RandomSecret {
    /// Bytes from the system's generator.
    static func bytes(_ count: Int) -> Data {
        var generator = SystemRandomNumberGenerator()
        return Data((0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) })
    }

    /// A text of letters, digits, `-` and `_` with 8 random bits for each of `count` bytes.
    static func text(_ count: Int) -> String {
        bytes(count).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }

    /// What is kept of a random text with 128 bits and more: one SHA-256 protects it as well as a slow hash would.
    static func digest(_ secret: String) -> Data { Data(SHA256.hash(data: Data(secret.utf8))) }

    /// Whether a digest is that of `secret`, without telling by the time taken how much of it agrees.
    static func matches(_ secret: String, _ digest: Data) -> Bool { ConstantTime.areEqual(Self.digest(secret), digest) }
}
