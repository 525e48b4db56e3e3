import GarageConfiguration
import MQTTServer
import NIOCore

extension ServiceConfiguration {
    /// Tells whether an address is one of the balancers in front of the pages; `nil` if there are none. Throws a
    /// `ConfigurationError` for an address that is none.
    func balancers() throws -> (@Sendable (SocketAddress) -> Bool)? {
        let trusted = try AddressRange.list(httpTrustedProxies, places.name(.httpTrustedProxies))
        guard httpProxyProtocol else { return nil }
        return { address in
            guard let address = IPAddress(address) else { return false }
            return trusted.contains { $0.contains(address) }
        }
    }
}
