import GarageConfiguration
import Logging
import MQTTServer
import NIOCore
import Web

/// Bounds what HTTP clients may take, by addresses as the broker counts them, and says by which names and balancers they
/// may come.
struct HTTPGate: Sendable {
    /// What the web server asks.
    let admission: HTTPAdmission
    /// Names by which the service may be reached.
    let hosts: AllowedNames
    /// Origins whose pages may use the API.
    let origins: AllowedNames
    private let gate: ConnectionGate
    private let balancers: Balancers
    /// Tells whether an address is a balancer's; `nil` if clients connect themselves.
    let isBalancer: (@Sendable (SocketAddress) -> Bool)?

    /// Throws a `ConfigurationError` for an exempt address that is none.
    init(_ configuration: ServiceConfiguration, logger: Logger) throws {
        let settings = configuration.httpLimits
        let gate = ConnectionGate(limits: try AdmissionLimits(http: configuration), logger: logger)
        self.gate = gate
        balancers = try Balancers(configuration)
        isBalancer = balancers.test(configuration)
        hosts = AllowedNames(configuration.httpAllowedHosts)
        origins = AllowedNames(configuration.httpAllowedOrigins)
        admission = HTTPAdmission(limits: HTTPLimits(settings), addresses: AddressCount(gate: gate))
    }

    /// Reads the limits and names of another configuration, or throws; what it returns puts them in force.
    func prepare(_ configuration: ServiceConfiguration) throws -> () -> Void {
        let perAddress = try AdmissionLimits(http: configuration)
        let putBalancers = try balancers.prepare(configuration)
        return {
            putBalancers()
            gate.replaceLimits(perAddress)
            admission.replace(with: HTTPLimits(configuration.httpLimits))
            hosts.replace(with: configuration.httpAllowedHosts)
            origins.replace(with: configuration.httpAllowedOrigins)
        }
    }
}

/// The broker's way to count by address, for the web server.
private struct AddressCount: AddressGate {
    let gate: ConnectionGate

    func admit(_ channel: any Channel, from client: SocketAddress?) -> Bool { gate.admit(channel, client) }

    func refuseProxy(_ peer: SocketAddress?) { gate.refuseProxy(peer) }

    func name(of address: SocketAddress) -> String? { gate.counted(address)?.description }
}

extension HTTPLimits {
    init(_ settings: HTTPLimitSettings) {
        self.init()
        connections = settings.connections
        requestSeconds = settings.requestSeconds
        headerBytes = settings.headerBytes
        bodyBytes = settings.bodyBytes
        bodySeconds = settings.bodySeconds
        streams = settings.streams
        streamsPerAddress = settings.streamsPerAddress
    }
}
