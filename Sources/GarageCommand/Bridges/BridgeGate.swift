import DeviceProfiles
import GarageConfiguration
import GarageDomain
import MQTTBridge
import MQTTBroker
import MQTTCodec
import MQTTServer

/// What the bridges may do on this broker. Each is a principal of its own, `bridge:NAME`, that nobody else can be.
struct BridgeGate: Sendable {
    private struct Rights: Sendable {
        let terms: SessionTerms
        /// Gates that commands from the other broker may move.
        let gates: Set<Subject>
        let movesAllGates: Bool
    }

    static let credential = "bridge"
    static let none = BridgeGate(rights: [:])

    private let rights: [String: Rights]
    /// Where messages make devices act.
    private var commands = CommandPositions.known

    private init(rights: [String: Rights]) { self.rights = rights }

    /// Throws a ``ConfigurationError`` for what can't be used.
    init(_ configuration: ServiceConfiguration) throws {
        let settings = try BridgeSettings.all(configuration)
        commands = try ForeignDeviceSetup(configuration).commandPositions()
        rights = Dictionary(
            zip(configuration.bridges, settings).map { bridge, settings in
                (
                    settings.localClientID,
                    Rights(
                        terms: settings.terms, gates: Set(bridge.gates.compactMap { BridgeSettings.gate($0) }),
                        movesAllGates: bridge.gates.contains("*"))
                )
            }, uniquingKeysWith: { first, _ in first })
    }

    /// The answer for a client that is a bridge or pretends to be one; `nil` for any other.
    func admit(_ request: ConnectRequest) -> Authentication? {
        guard request.clientID.hasPrefix(BridgeSettings.localPrefix) else { return nil }
        guard request.listener == InProcessClient.listener else { return .refused(.clientIdentifierNotValid) }
        // One that is configured no more is let in to end its session, and may do nothing.
        return .accepted(
            Principal(name: request.clientID, credential: Self.credential, terms: rights[request.clientID]?.terms))
    }

    func mayPublish(_ topic: String, _ client: ClientContext) -> Bool {
        guard let name = client.principal.name, let own = rights[name], !topic.hasPrefix("$") else { return false }
        return !commands.isCommand(topic) || own.movesAllGates || !own.gates.isEmpty
    }

    /// The routes say what a bridge reads, and they are the operator's.
    func maySubscribe(_ client: ClientContext) -> Bool { client.principal.name.map { rights[$0] != nil } ?? false }

    func mayMove(_ gate: Subject, _ client: ClientContext) -> Bool {
        guard let name = client.principal.name, let own = rights[name] else { return false }
        return own.movesAllGates || own.gates.contains(gate)
    }
}
