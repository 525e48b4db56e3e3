import Crypto
import Foundation
import MQTTCodec
import NIOCore
import Testing

/// The client's side of a SCRAM-SHA-256 login over MQTT.
struct ScramClient {
    static let method = "SCRAM-SHA-256"

    var user = "user"
    var password = "pencil"

    private var bare: String { "n=\(user),r=rOprNGfwEbeRWgbNEkqO" }

    /// What goes with CONNECT, or with the AUTH that begins a re-authentication.
    var first: [Property] {
        [.authenticationMethod(Self.method), .authenticationData(ByteBuffer(string: "n,,\(bare)"))]
    }

    /// The next packet, which must be AUTH 0x18 with a challenge; gives the AUTH that answers it.
    func answer(_ client: Client, sourceLocation: SourceLocation = #_sourceLocation) async throws -> Packet {
        let packet = try await client.next()
        guard case .auth(let auth)? = packet, auth.reasonCode == .continueAuthentication else {
            throw Unexpected("\(String(describing: packet)) came instead of AUTH", sourceLocation)
        }
        #expect(auth.properties.authenticationMethod == Self.method, sourceLocation: sourceLocation)
        let challenge = auth.properties.authenticationData.map { String(buffer: $0) } ?? ""
        return .auth(
            Auth(
                reasonCode: .continueAuthentication,
                properties: [
                    .authenticationMethod(Self.method),
                    .authenticationData(ByteBuffer(string: try final(challenge))),
                ]))
    }

    private func final(_ challenge: String) throws -> String {
        let fields = challenge.split(separator: ",").map { String($0.dropFirst(2)) }
        try #require(fields.count == 3)
        let salt = try #require(Data(base64Encoded: fields[1]))
        let key = SymmetricKey(data: Data(password.utf8))
        var block = Data(HMAC<SHA256>.authenticationCode(for: salt + [0, 0, 0, 1], using: key))
        var salted = [UInt8](block)
        for _ in 1..<(try #require(Int(fields[2]))) {
            block = Data(HMAC<SHA256>.authenticationCode(for: block, using: key))
            for (index, byte) in block.enumerated() { salted[index] ^= byte }
        }
        let clientKey = Data(
            HMAC<SHA256>.authenticationCode(for: Data("Client Key".utf8), using: SymmetricKey(data: salted)))
        let unproved = "c=biws,r=\(fields[0])"
        let signature = HMAC<SHA256>.authenticationCode(
            for: Data("\(bare),\(challenge),\(unproved)".utf8),
            using: SymmetricKey(data: Data(SHA256.hash(data: clientKey))))
        return "\(unproved),p=\(Data(zip(clientKey, signature).map { $0 ^ $1 }).base64EncodedString())"
    }
}
