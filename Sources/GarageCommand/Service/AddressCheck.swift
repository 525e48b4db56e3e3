import Access
import GarageConfiguration

/// Refuses a configuration of the broker that would let strangers in: an address that other machines can reach needs
/// credentials. The pages ask for a sign-in by themselves.
struct AddressCheck {
    private let configuration: ServiceConfiguration

    init(_ configuration: ServiceConfiguration) { self.configuration = configuration }

    /// Throws a ``ConfigurationError`` that says what to do.
    func run() throws {
        let tls = configuration.broker.tls
        // A client that must show a certificate of our authority has said who it is.
        let needsCertificate = tls.clientCertificates == "required"
        let brokerAddresses =
            configuration.mqtt + configuration.mqttWebSocket + (needsCertificate ? [] : tls.listen + tls.webSocket)
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
