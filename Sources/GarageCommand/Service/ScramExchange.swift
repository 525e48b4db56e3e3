import Access
import MQTTBroker
import MQTTCodec
import SCRAM

/// One SCRAM-SHA-256 login of a device.
final class ScramExchange: AuthenticationExchange {
    private var server: ScramServer

    init(credentials: DeviceCredentials) {
        var generator = SystemRandomNumberGenerator()
        let nonce = (0..<24).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        server = ScramServer(nonce: nonce, secret: credentials.scramSecret) { credentials.scramVerifier(of: $0) }
    }

    func receive(_ data: [UInt8]?) -> AuthenticationStep {
        switch server.receive(data ?? []) {
        case .challenge(let bytes): .challenge(bytes)
        case .accepted(let user, let message):
            .accepted(
                Principal(name: user, credential: DeviceGatekeeper.Credential.device.rawValue), data: message)
        case .refused: .refused(.notAuthorized)
        }
    }
}
