import Access
import GarageConfiguration
import Ingest
import MQTTBroker
import MQTTCodec

/// Lets MQTT clients in: on loopback everyone who gives no password, elsewhere only devices with the right one.
struct DeviceGatekeeper: Gatekeeper {
    let credentials: DeviceCredentials
    /// The password of the simulated garage of `--demo`, made for this run.
    var demoPassword: String?

    /// The user name of the simulated garage.
    static let demoUser = "demo"

    func admit(_ request: ConnectRequest) -> Authentication {
        guard let name = request.userName else {
            return isOnLoopback(request) ? .accepted(.anonymous) : .refused(.notAuthorized)
        }
        if name == Self.demoUser, let demoPassword, request.password.map({ Array(demoPassword.utf8) == $0 }) ?? false {
            return .accepted(.anonymous)
        }
        if credentials.entries.isEmpty, isOnLoopback(request) { return .accepted(.anonymous) }
        guard credentials.verify(name: name, password: request.password ?? []) else {
            return .refused(.badUserNameOrPassword)
        }
        return .accepted(Principal(name: name))
    }

    /// Whether the client came in through a listener that only this machine can reach. A listener's name ends in its
    /// address.
    private func isOnLoopback(_ request: ConnectRequest) -> Bool {
        guard let address = request.listener.split(separator: " ").last, let parsed = HostPort(String(address)) else {
            return false
        }
        return parsed.isLoopback
    }
}
