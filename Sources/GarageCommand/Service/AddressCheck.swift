import Access
import GarageConfiguration

/// Refuses a configuration that would let strangers in: an address that other machines can reach needs credentials.
struct AddressCheck {
    private let configuration: ServiceConfiguration

    init(_ configuration: ServiceConfiguration) { self.configuration = configuration }

    /// Throws a ``ConfigurationError`` that says what to do.
    func run() throws {
        try checkBroker()
        guard configuration.http.isLoopback else {
            throw ConfigurationError(
                "HTTP on \(configuration.http) can be reached from the network, and this version has no login for the "
                    + "pages; listen on 127.0.0.1 and put a proxy that asks for a password in front")
        }
    }

    /// As `run`, for the broker's addresses only.
    func checkBroker() throws {
        let tls = configuration.broker.tls
        // A client that must show a certificate of our authority has said who it is.
        let needsCertificate = tls.clientCertificates == "required"
        let brokerAddresses =
            [configuration.mqtt] + [configuration.mqttWebSocket].compactMap { $0 }
            + (needsCertificate ? [] : [tls.listen, tls.webSocket].compactMap { $0 })
        if let open = brokerAddresses.first(where: { !$0.isLoopback }) {
            let credentials = try DeviceCredentials(folder: configuration.dataDirectory)
            guard !credentials.entries.isEmpty else {
                throw ConfigurationError(
                    "MQTT on \(open) can be reached from the network, so devices need passwords; add one with "
                        + "'garage devices add NAME --data \(configuration.dataDirectory)', or listen on 127.0.0.1")
            }
        }
    }
}
