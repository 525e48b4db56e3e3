import GarageConfiguration
import MQTTServer

extension AdmissionLimits {
    /// What one address may do at the broker. Throws a `ConfigurationError` for an exempt address that is none.
    init(_ limits: BrokerSettings.Limits) throws {
        self.init()
        maximumConnectionsPerAddress = limits.connectionsPerAddress
        connectionRatePerAddress = limits.connectionRatePerAddress
        maximumHandshakes = limits.tlsHandshakes
        exempt = try AddressRange.list(limits.exemptAddresses, .limitExemptAddresses)
    }

    /// What one address may do at the pages and the API. Throws as above.
    init(_ limits: HTTPLimitSettings) throws {
        self.init()
        maximumConnectionsPerAddress = limits.connectionsPerAddress
        connectionRatePerAddress = limits.connectionRatePerAddress
        exempt = try AddressRange.list(limits.exemptAddresses, .limitHTTPExemptAddresses)
    }
}

extension AddressRange {
    /// Reads the value of a key.
    static func list(_ texts: [String], _ key: Key) throws -> [AddressRange] {
        try texts.map { text in
            guard let range = AddressRange(text) else {
                throw ConfigurationError(
                    "\(key.rawValue) has '\(text)'; it takes addresses and networks, for example 10.0.0.0/8")
            }
            return range
        }
    }
}
