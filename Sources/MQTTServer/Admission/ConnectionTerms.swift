import MQTTBroker
import MQTTWebSocket
import Synchronization

/// What connections to come are set up with, before the broker's core knows them. It may change while the server runs.
final class ConnectionTerms: Sendable {
    struct Values: Sendable {
        /// Seconds until a connection must have logged in.
        var connectTimeout: UInt32
        var origins: PageOrigins
        /// Who may put a PROXY header in front.
        var trustedProxies: [AddressRange]
        /// Seconds between two publications of the `$SYS` topics; 0 for none.
        var systemTopicsInterval: UInt32
        private let lenient: Set<MQTTServer.ListenerKind>
        private let lenientAddresses: Set<MQTTServer.HostPort>

        init(_ configuration: MQTTServer.Configuration) {
            connectTimeout = configuration.limits.connectTimeout
            origins = PageOrigins(allowed: configuration.allowedOrigins, hosts: configuration.allowedHosts)
            trustedProxies = configuration.trustedProxies
            systemTopicsInterval = configuration.systemTopicsInterval
            lenient = configuration.lenient
            lenientAddresses = configuration.lenientAddresses
        }

        /// Whether the clients of a listener may exceed the Receive Maximum.
        /// - Parameter address: as configured; `nil` for a listener that has none.
        func isLenient(_ kind: MQTTServer.ListenerKind, at address: MQTTServer.HostPort?) -> Bool {
            lenient.contains(kind) || address.map(lenientAddresses.contains) ?? false
        }
    }

    private let values: Mutex<Values>

    init(_ configuration: MQTTServer.Configuration) { values = Mutex(Values(configuration)) }

    /// Those in force.
    var current: Values { values.withLock { $0 } }

    func replace(with configuration: MQTTServer.Configuration) {
        let new = Values(configuration)
        values.withLock { $0 = new }
    }
}
