import GarageConfiguration
import MQTTServer

extension AdmissionLimits {
    /// What one address may do at the broker. Throws a `ConfigurationError` for an exempt address that is none.
    init(broker configuration: ServiceConfiguration) throws {
        let limits = configuration.broker.limits
        self.init()
        maximumConnectionsPerAddress = limits.connectionsPerAddress
        connectionRatePerAddress = limits.connectionRatePerAddress
        maximumHandshakes = limits.tlsHandshakes
        exempt = try AddressRange.list(limits.exemptAddresses, configuration.places.name(.limitExemptAddresses))
    }

    /// What one address may do at the pages and the API. Throws as above.
    init(http configuration: ServiceConfiguration) throws {
        let limits = configuration.httpLimits
        self.init()
        maximumConnectionsPerAddress = limits.connectionsPerAddress
        connectionRatePerAddress = limits.connectionRatePerAddress
        exempt = try AddressRange.list(
            limits.exemptAddresses, configuration.places.name(.limitHTTPExemptAddresses))
    }
}

extension AddressRange {
    /// Reads the value of a setting, which errors call by `name`.
    static func list(_ texts: [String], _ name: String) throws -> [AddressRange] {
        try texts.map { text in
            guard let range = AddressRange(text) else {
                throw ConfigurationError(
                    "\(name) has '\(text)'; it takes addresses and networks, for example 10.0.0.0/8")
            }
            return range
        }
    }
}
