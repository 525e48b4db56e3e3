import Crypto
import Foundation

/// The server's side of one SCRAM-SHA-256 login (RFC 5802 section 5) without channel binding: the client's messages go
/// in, the answers come out. Nothing is random and nothing is read from anywhere, so that a test can repeat it.
///
/// Someone who asks for a name that does not exist gets a salt that is always the same for that name, and is refused only
/// at the end, so that names can't be tried out.
public struct ScramServer: Sendable {
    /// The name of the method, as MQTT and SASL clients say it.
    public static let method = "SCRAM-SHA-256"

    /// What comes of a message of the client.
    public enum Step: Sendable, Hashable {
        /// Send this and wait for the next message.
        case challenge([UInt8])
        /// The user has proved to be who they say; send this along, by which the server proves that it knows the user.
        case accepted(user: String, message: [UInt8])
        /// The login has failed; the user if one was named.
        case refused(user: String?)
    }

    private struct Challenge {
        var user: String
        var verifier: ScramVerifier?
        /// What the client's last message must begin with, and what both sides sign.
        var expected: String
        var signed: String
    }

    private enum State {
        case awaitingFirst
        case awaitingFinal(Challenge)
        case ended
    }

    private static let longestMessage = 4096

    private var state = State.awaitingFirst
    private let nonce: String
    private let pretence: SymmetricKey
    private let lookup: @Sendable (_ user: String) -> ScramVerifier?

    /// - Parameters:
    ///   - nonce: at least 18 random bytes, used for no other login.
    ///   - secret: bytes that only this server knows and keeps, from which the salts of unknown users are made.
    ///   - lookup: the verifier of a user; `nil` for one that does not exist.
    public init(
        nonce: [UInt8], secret: [UInt8], lookup: @escaping @Sendable (_ user: String) -> ScramVerifier?
    ) {
        // Base64 has no comma, which is all that RFC 5802 asks of a nonce.
        self.nonce = Data(nonce).base64EncodedString()
        pretence = SymmetricKey(data: secret)
        self.lookup = lookup
    }

    /// Takes the client's next message.
    public mutating func receive(_ message: [UInt8]) -> Step {
        let current = state
        state = .ended
        guard message.count <= Self.longestMessage, let text = String(validating: message, as: UTF8.self) else {
            return .refused(user: nil)
        }
        switch current {
        case .awaitingFirst: return begin(text)
        case .awaitingFinal(let challenge): return finish(text, challenge)
        case .ended: return .refused(user: nil)
        }
    }

    // MARK: First message

    private mutating func begin(_ message: String) -> Step {
        guard let first = ClientFirst(message) else { return .refused(user: nil) }
        let verifier = lookup(first.user)
        let salt = verifier?.salt ?? pretendedSalt(first.user)
        let iterations = verifier?.iterations ?? ScramVerifier.leastIterations
        let nonce = first.nonce + nonce
        let answer = "r=\(nonce),s=\(salt.base64EncodedString()),i=\(iterations)"
        let binding = Data(first.header.utf8).base64EncodedString()
        let expected = "c=\(binding),r=\(nonce)"
        state = .awaitingFinal(
            Challenge(
                user: first.user, verifier: verifier, expected: expected,
                signed: "\(first.bare),\(answer),\(expected)"))
        return .challenge(Array(answer.utf8))
    }

    /// A salt for a user that does not exist.
    private func pretendedSalt(_ user: String) -> Data {
        Data(HMAC<SHA256>.authenticationCode(for: Data(user.utf8), using: pretence)).prefix(16)
    }

    // MARK: Final message

    private func finish(_ message: String, _ challenge: Challenge) -> Step {
        guard message.hasPrefix(challenge.expected + ",p="),
            let proof = Data(base64Encoded: String(message.dropFirst(challenge.expected.count + 3))),
            proof.count == SHA256.byteCount
        else { return .refused(user: challenge.user) }
        // Worked out for an unknown user too, so that the time it takes tells nothing.
        let storedKey = challenge.verifier?.storedKey ?? Data(count: SHA256.byteCount)
        let signature = HMAC<SHA256>.authenticationCode(
            for: Data(challenge.signed.utf8), using: SymmetricKey(data: storedKey))
        let clientKey = Data(zip(proof, signature).map { $0 ^ $1 })
        let matches = SHA256.hash(data: clientKey) == storedKey
        guard matches, let verifier = challenge.verifier else { return .refused(user: challenge.user) }
        let own = HMAC<SHA256>.authenticationCode(
            for: Data(challenge.signed.utf8), using: SymmetricKey(data: verifier.serverKey))
        return .accepted(user: challenge.user, message: Array("v=\(Data(own).base64EncodedString())".utf8))
    }
}
