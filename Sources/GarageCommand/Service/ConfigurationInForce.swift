import GarageConfiguration
import Synchronization

/// The configuration that the service goes by at this moment, for parts that ask for it each time they need it.
final class ConfigurationInForce: Sendable {
    private let configuration: Mutex<ServiceConfiguration>

    init(_ configuration: ServiceConfiguration) { self.configuration = Mutex(configuration) }

    var current: ServiceConfiguration { configuration.withLock { $0 } }

    func replace(with new: ServiceConfiguration) { configuration.withLock { $0 = new } }
}
