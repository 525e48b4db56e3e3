import Access
import GarageConfiguration
import Ingest
import MQTTBroker
import MQTTCodec
import SCRAM

/// Lets MQTT clients in: on loopback everyone who gives no password, elsewhere only devices with the right one.
struct DeviceGatekeeper: Gatekeeper {
    let credentials: DeviceCredentials
    /// The password of the simulated garage of `--demo`, made for this run.
    var demoPassword: String?

    /// The user name of the simulated garage.
    static let demoUser = "demo"

    func beginAuthentication(method: String, _ request: ConnectRequest) -> (any AuthenticationExchange)? {
        method == ScramServer.method ? ScramExchange(credentials: credentials) : nil
    }

    func admit(_ request: ConnectRequest) -> Authentication {
        // A certificate of our authority says who it is, unless the client says that it is somebody else.
        if let identity = request.certificateIdentity, request.userName == nil || request.userName == identity {
            return .accepted(Principal(name: identity))
        }
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

    /// Whether only a program on this machine can have connected: to the Unix socket, or from loopback to a listener on
    /// loopback, whose name ends in its address. Behind a balancer on this machine the client's own address counts.
    private func isOnLoopback(_ request: ConnectRequest) -> Bool {
        if request.listener.hasPrefix("unix ") { return request.remoteAddress == "unix" }
        guard let address = request.listener.split(separator: " ").last, let listener = HostPort(String(address)),
            let client = HostPort(request.remoteAddress)
        else { return false }
        return listener.isLoopback && client.isLoopback
    }
}
