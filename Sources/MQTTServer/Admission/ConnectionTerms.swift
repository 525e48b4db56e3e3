import MQTTBroker
import MQTTWebSocket
import Synchronization

/// What connections to come are set up with, before the broker's core knows them. It may change while the server runs.
final class ConnectionTerms: Sendable {
    struct Values: Sendable {
        /// Seconds until a connection must have logged in.
        var connectTimeout: UInt32
        var origins: PageOrigins

        init(_ configuration: MQTTServer.Configuration) {
            connectTimeout = configuration.limits.connectTimeout
            origins = PageOrigins(allowed: configuration.allowedOrigins, hosts: configuration.allowedHosts)
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
