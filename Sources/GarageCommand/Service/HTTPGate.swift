import GarageConfiguration
import Logging
import MQTTServer
import NIOCore
import Web

/// Bounds what HTTP clients may take, by addresses as the broker counts them.
struct HTTPGate: Sendable {
    /// What the web server asks.
    let admission: HTTPAdmission
    private let gate: ConnectionGate

    /// Throws a `ConfigurationError` for an exempt address that is none.
    init(_ settings: HTTPLimitSettings, logger: Logger) throws {
        let gate = ConnectionGate(limits: try AdmissionLimits(settings), logger: logger)
        self.gate = gate
        admission = HTTPAdmission(limits: HTTPLimits(settings), addresses: AddressCount(gate: gate))
    }

    /// Puts other limits in force; throws before anything has changed.
    func replace(with settings: HTTPLimitSettings) throws {
        gate.replaceLimits(try AdmissionLimits(settings))
        admission.replace(with: HTTPLimits(settings))
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
