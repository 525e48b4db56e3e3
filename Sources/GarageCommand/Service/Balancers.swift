import GarageConfiguration
import MQTTServer
import NIOCore
import Synchronization

/// The balancers in front of the pages. They may be replaced while the service runs.
final class Balancers: Sendable {
    private let trusted: Mutex<[AddressRange]>

    /// Throws a `ConfigurationError` for an address that is none.
    init(_ configuration: ServiceConfiguration) throws { trusted = Mutex(try Self.ranges(configuration)) }

    /// Tells whether an address is one of them; `nil` if the configuration has clients connect themselves.
    func test(_ configuration: ServiceConfiguration) -> (@Sendable (SocketAddress) -> Bool)? {
        guard configuration.httpProxyProtocol else { return nil }
        return { [self] address in
            guard let address = IPAddress(address) else { return false }
            return trusted.withLock { $0.contains { $0.contains(address) } }
        }
    }

    /// Reads those of another configuration, or throws; what it returns puts them in force.
    func prepare(_ configuration: ServiceConfiguration) throws -> () -> Void {
        let ranges = try Self.ranges(configuration)
        return { [self] in trusted.withLock { $0 = ranges } }
    }

    private static func ranges(_ configuration: ServiceConfiguration) throws -> [AddressRange] {
        try AddressRange.list(configuration.httpTrustedProxies, configuration.places.name(.httpTrustedProxies))
    }
}
