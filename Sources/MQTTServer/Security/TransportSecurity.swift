/// What the listeners with TLS show and demand. Files are PEM and are read at the start and by
/// `MQTTServer.reloadCertificates()`.
public struct TransportSecurity: Sendable, Hashable {
    /// What is asked of a client.
    public enum ClientCertificates: String, Sendable, Hashable, CaseIterable {
        /// No certificate is asked for.
        case none
        /// A client may show one; one that the authority has not signed is refused.
        case optional
        /// Who shows none is refused.
        case required
    }

    /// The oldest version of TLS that is spoken.
    public enum MinimumVersion: String, Sendable, Hashable, CaseIterable {
        case tls12 = "1.2"
        case tls13 = "1.3"
    }

    /// The server's certificate, followed by those between it and the root.
    public var certificateFile: String
    /// The certificate's private key.
    public var keyFile: String
    /// The certificates of the authorities that sign clients' certificates; needed unless `clientCertificates` is
    /// `none`.
    public var clientAuthorityFile: String?
    public var clientCertificates: ClientCertificates
    public var minimumVersion: MinimumVersion

    public init(
        certificateFile: String, keyFile: String, clientAuthorityFile: String? = nil,
        clientCertificates: ClientCertificates = .none, minimumVersion: MinimumVersion = .tls12
    ) {
        self.certificateFile = certificateFile
        self.keyFile = keyFile
        self.clientAuthorityFile = clientAuthorityFile
        self.clientCertificates = clientCertificates
        self.minimumVersion = minimumVersion
    }
}
