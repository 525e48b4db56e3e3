import Crypto
import Foundation
import SCRAM
import Testing

@Suite("SCRAM-SHA-256")
struct ScramServerTests {
    private static let salt = Data(base64Encoded: "W22ZaJ0SNY7soEsUEjb6gQ==") ?? Data()
    private static let nonce = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"

    /// A server that knows the user of RFC 7677 section 3.
    private func server(nonce: [UInt8] = Array("server nonce 1234567".utf8), secret: [UInt8] = [1, 2, 3]) throws
        -> ScramServer
    {
        let verifier = try ScramVerifier(password: Array("pencil".utf8), salt: Self.salt)
        return ScramServer(nonce: nonce, secret: secret) { $0 == "user" ? verifier : nil }
    }

    /// The answer of a client that knows `password`.
    private func final(
        _ password: String, first: String, challenge: [UInt8], binding: String = "biws", nonce: String? = nil
    ) throws -> String {
        let text = String(decoding: challenge, as: UTF8.self)
        let fields = text.split(separator: ",").map { String($0.dropFirst(2)) }
        let salt = try #require(Data(base64Encoded: fields[1]))
        let bare = first.split(separator: ",", maxSplits: 2, omittingEmptySubsequences: false)[2]
        let unproved = "c=\(binding),r=\(nonce ?? fields[0])"
        var block = Data(
            HMAC<SHA256>.authenticationCode(
                for: salt + [0, 0, 0, 1], using: SymmetricKey(data: Data(password.utf8))))
        var salted = [UInt8](block)
        for _ in 1..<(Int(fields[2]) ?? 0) {
            block = Data(
                HMAC<SHA256>.authenticationCode(for: block, using: SymmetricKey(data: Data(password.utf8))))
            for (index, byte) in block.enumerated() { salted[index] ^= byte }
        }
        let clientKey = Data(
            HMAC<SHA256>.authenticationCode(for: Data("Client Key".utf8), using: SymmetricKey(data: salted)))
        let signature = HMAC<SHA256>.authenticationCode(
            for: Data("\(bare),\(text),\(unproved)".utf8),
            using: SymmetricKey(data: Data(SHA256.hash(data: clientKey))))
        let proof = Data(zip(clientKey, signature).map { $0 ^ $1 })
        return "\(unproved),p=\(proof.base64EncodedString())"
    }

    private func challenge(_ server: inout ScramServer, _ first: String) -> [UInt8]? {
        guard case .challenge(let bytes) = server.receive(Array(first.utf8)) else { return nil }
        return bytes
    }

    @Test("The keys are those of the exchange in RFC 7677 section 3")
    func publishedExchange() throws {
        let verifier = try ScramVerifier(password: Array("pencil".utf8), salt: Self.salt)
        let server = Self.nonce
        let signed =
            "n=user,r=rOprNGfwEbeRWgbNEkqO,r=rOprNGfwEbeRWgbNEkqO\(server),s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,"
            + "c=biws,r=rOprNGfwEbeRWgbNEkqO\(server)"
        let own = HMAC<SHA256>.authenticationCode(
            for: Data(signed.utf8), using: SymmetricKey(data: verifier.serverKey))
        #expect(Data(own).base64EncodedString() == "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=")
        let proof = try #require(Data(base64Encoded: "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="))
        let signature = HMAC<SHA256>.authenticationCode(
            for: Data(signed.utf8), using: SymmetricKey(data: verifier.storedKey))
        #expect(SHA256.hash(data: Data(zip(proof, signature).map { $0 ^ $1 })) == verifier.storedKey)
    }

    @Test(
        "Who knows the password is let in, and told that the server knows it too",
        arguments: ["n,,n=user,r=abc", "y,,n=user,r=abc", "n,a=user,n=user,r=abc,ext=x"])
    func accepted(first: String) throws {
        var server = try server()
        let challenge = try #require(challenge(&server, first))
        #expect(String(decoding: challenge, as: UTF8.self).hasPrefix("r=abc"))
        let header = first.split(separator: ",", maxSplits: 2, omittingEmptySubsequences: false).prefix(2)
        let binding = Data((header.joined(separator: ",") + ",").utf8).base64EncodedString()
        let answer = try final("pencil", first: first, challenge: challenge, binding: binding)
        guard case .accepted("user", let message) = server.receive(Array(answer.utf8)) else {
            Issue.record("not accepted")
            return
        }
        #expect(String(decoding: message, as: UTF8.self).hasPrefix("v="))
    }

    @Test("A wrong password, another nonce, another binding and a missing proof are refused")
    func refused() throws {
        let first = "n,,n=user,r=abc"
        for wrong in 0..<5 {
            var server = try server()
            let challenge = try #require(challenge(&server, first))
            let answer =
                switch wrong {
                case 0: try final("pencils", first: first, challenge: challenge)
                case 1: try final("pencil", first: first, challenge: challenge, nonce: "abcother")
                case 2: try final("pencil", first: first, challenge: challenge, binding: "eSws")
                case 3: try final("pencil", first: first, challenge: challenge).components(separatedBy: ",p=")[0]
                default: ""
                }
            let step = server.receive(Array(answer.utf8))
            #expect(step == .refused(user: "user"), "case \(wrong)")
            // Nothing works on a login that has ended.
            let right = try final("pencil", first: first, challenge: challenge)
            #expect(server.receive(Array(right.utf8)) == .refused(user: nil))
        }
    }

    @Test("An unknown user gets the same salt each time, and is refused only at the end")
    func unknownUser() throws {
        func salt(_ user: String, nonce: UInt8) throws -> (salt: Substring, end: ScramServer.Step) {
            var server = try server(nonce: Array(repeating: nonce, count: 20))
            let first = "n,,n=\(user),r=abc"
            let challenge = try #require(challenge(&server, first))
            let fields = String(decoding: challenge, as: UTF8.self).split(separator: ",")
            #expect(fields[2] == "i=4096")
            let answer = try final("pencil", first: first, challenge: challenge)
            return (fields[1], server.receive(Array(answer.utf8)))
        }
        let once = try salt("nobody", nonce: 1)
        #expect(try salt("nobody", nonce: 2).salt == once.salt)
        #expect(try salt("no one", nonce: 1).salt != once.salt)
        #expect(once.salt.count == "s=W22ZaJ0SNY7soEsUEjb6gQ==".count)
        #expect(once.end == .refused(user: "nobody"))
    }

    @Test(
        "What is no first message, or asks for more than there is, is refused",
        arguments: [
            "", "n", "n,,", "n,,n=user", "n,,r=abc,n=user", "p=tls-unique,,n=user,r=abc", "n,,m=x,n=user,r=abc",
            "n,a=other,n=user,r=abc", "n,,n=,r=abc", "n,,n=us=er,r=abc", "n,,n=user=2,r=abc", "n,,n=user,r=",
            "n,,n=us\u{7}er,r=abc", "x,,n=user,r=abc",
        ])
    func badFirst(message: String) throws {
        var server = try server()
        #expect(server.receive(Array(message.utf8)) == .refused(user: nil))
    }

    @Test("Commas and equals signs in a name are written as =2C and =3D; bytes that are no text are refused")
    func names() throws {
        let verifier = try ScramVerifier(password: Array("pencil".utf8), salt: Self.salt)
        var server = ScramServer(nonce: [1], secret: [2]) { $0 == "a,b=c" ? verifier : nil }
        let first = "n,,n=a=2Cb=3Dc,r=abc"
        let challenge = try #require(challenge(&server, first))
        let answer = try final("pencil", first: first, challenge: challenge)
        guard case .accepted("a,b=c", _) = server.receive(Array(answer.utf8)) else {
            Issue.record("not accepted")
            return
        }
        var other = try self.server()
        #expect(other.receive([0x6E, 0x2C, 0x2C, 0xFF, 0xFE]) == .refused(user: nil))
        var third = try self.server()
        #expect(third.receive([UInt8](repeating: 0x6E, count: 5000)) == .refused(user: nil))
    }
}
