import Access
import DeviceProfiles
import GarageConfiguration
import GarageDomain
import Ingest
import MQTTBroker
import MQTTCodec
import SCRAM

/// Lets MQTT clients in: on loopback everyone who gives no password, elsewhere only devices and programs with the right
/// one. Each of these may use its own topics.
struct DeviceGatekeeper: Gatekeeper {
    let devices: DeviceRegistry
    /// Where programs have their tokens; `nil` lets none in.
    var registry: AccessRegistry?
    var topics = CurrentTopicAccess()
    /// Whether a person may move a gate now.
    var mayPersonMove: @Sendable (Person, Subject) -> Bool = { person, _ in person.role.permissions.contains(.command) }
    /// What the bridges may do.
    var bridges = BridgeGate.none
    /// The password of the simulated garage of `--demo`, made for this run.
    var demoPassword: String?

    /// By what a client was let in.
    enum Credential: String {
        case device, token, certificate
    }

    /// The user name of the simulated garage.
    static let demoUser = "demo"

    func beginAuthentication(method: String, _ request: ConnectRequest) -> (any AuthenticationExchange)? {
        method == ScramServer.method && bridges.admit(request) == nil
            ? ScramExchange(credentials: devices.credentials) : nil
    }

    func admit(_ request: ConnectRequest) -> Authentication {
        if let answer = bridges.admit(request) { return answer }
        // A certificate of our authority says who it is, unless the client says that it is somebody else.
        if let identity = request.certificateIdentity, request.userName == nil || request.userName == identity {
            guard devices.topics(ofCertified: identity) != nil else { return .refused(.notAuthorized) }
            return .accepted(Principal(name: identity, credential: Credential.certificate.rawValue))
        }
        guard let name = request.userName else {
            return admitsStrangers(request) ? .accepted(.anonymous) : .refused(.notAuthorized)
        }
        if name == Self.demoUser, let demoPassword, request.password.map({ Array(demoPassword.utf8) == $0 }) ?? false {
            return .accepted(.anonymous)
        }
        let credentials = devices.credentials
        if credentials.verify(name: name, password: request.password ?? []) {
            return .accepted(Principal(name: name, credential: Credential.device.rawValue))
        }
        if token(named: name, secret: String(decoding: request.password ?? [], as: UTF8.self)) != nil {
            return .accepted(Principal(name: name, credential: Credential.token.rawValue))
        }
        if credentials.entries.isEmpty, admitsStrangers(request) { return .accepted(.anonymous) }
        return .refused(.badUserNameOrPassword)
    }

    /// A name that is both a device's and a token's is the device's: no program must be able to report.
    private func token(named name: String, secret: String) -> APIToken? {
        guard !devices.credentials.entries.contains(where: { $0.name == name }),
            case .program(let token, _)? = registry?.token(secret), token.name == name
        else { return nil }
        return token
    }

    // MARK: Rights

    func mayPublish(_ topic: String, _ client: ClientContext) -> Bool {
        if isBridge(client) { return bridges.mayPublish(topic, client) }
        return user(client, topic).map { topics.check($0, .publish, topic).isAllowed } ?? false
    }

    func maySubscribe(_ filter: String, _ client: ClientContext) -> Bool {
        if isBridge(client) { return bridges.maySubscribe(client) }
        return user(client, filter).map { topics.check($0, .subscribe, filter).isAllowed } ?? false
    }

    func mayMove(_ gate: Subject, _ client: ClientContext) -> Bool {
        if isBridge(client) { return bridges.mayMove(gate, client) }
        // As on the pages: as long as nobody can sign in, whoever is on this machine may do everything.
        if client.principal.name == nil { return !(registry?.hasPeople ?? false) }
        guard let token = token(of: client), token.scopes.contains(.command) else { return false }
        guard let owner = token.owner else { return true }
        guard let person = registry?.person(named: owner) else { return false }
        // A PIN can't be given over MQTT.
        return !person.hasPIN && mayPersonMove(person, gate)
    }

    func isDevice(_ user: String) -> Bool { devices.topics(of: user) != nil }

    func isRemoved(_ user: String) -> Bool {
        devices.topics(of: user) == nil && devices.topics(ofCertified: user) == nil
    }

    func canBeName(_ text: String) -> Bool { Person.isName(text) }

    private func isBridge(_ client: ClientContext) -> Bool { client.principal.credential == BridgeGate.credential }

    /// Who the client is to the rules for a topic; `nil` for one whose password or token was taken back while it was connected.
    private func user(_ client: ClientContext, _ topic: String) -> TopicUser? {
        guard let name = client.principal.name else {
            return TopicUser(kind: .anonymous, name: nil, clientID: client.clientID)
        }
        switch client.principal.credential.flatMap(Credential.init) {
        case .device:
            guard let granted = devices.topics(of: name) else { return nil }
            return TopicUser(kind: .device, name: name, clientID: client.clientID, topics: granted)
        case .certificate:
            guard let granted = devices.topics(ofCertified: name) else { return nil }
            return TopicUser(kind: .device, name: name, clientID: client.clientID, topics: granted)
        case .token:
            guard let token = token(of: client) else { return nil }
            return TopicUser(
                kind: .token, name: name, clientID: client.clientID,
                scopes: registry?.scopes(of: token, on: topic) ?? [])
        case nil: return nil
        }
    }

    /// The token with which the client was let in, unless it was revoked or has expired since.
    private func token(of client: ClientContext) -> APIToken? {
        guard client.principal.credential == Credential.token.rawValue else { return nil }
        return registry?.validToken(named: client.principal.name ?? "")
    }

    /// Whether a client without credentials is let in: one on this machine. On the port of the pages only as long as these
    /// ask nobody to sign in, since a proxy on this machine may stand before it.
    private func admitsStrangers(_ request: ConnectRequest) -> Bool {
        isOnLoopback(request) && !(request.listener.hasPrefix("http ") && registry?.hasPeople ?? false)
    }

    /// Whether only a program on this machine can have connected: to the Unix socket, or from loopback to a listener on
    /// loopback, whose name ends in its address. Behind a balancer on this machine the client's own address counts.
    private func isOnLoopback(_ request: ConnectRequest) -> Bool {
        if request.listener.hasPrefix("unix ") { return request.remoteAddress == "unix" }
        let listener = request.listener
        let start = listener.utf8.lastIndex(of: UInt8(ascii: " ")).map { listener.utf8.index(after: $0) }
        return Self.isLoopback(request.remoteAddress[...])
            && Self.isLoopback(listener[(start ?? listener.startIndex)...])
    }

    /// The usual two are told by their bytes, as reading an address costs more than all else that admits a client.
    private static func isLoopback(_ address: Substring) -> Bool {
        if address.utf8.starts(with: "127.0.0.1:".utf8) || address.utf8.starts(with: "[::1]:".utf8) { return true }
        return HostPort(String(address))?.isLoopback ?? false
    }
}
