import NIOCore
public import NIOSSL
import Synchronization

/// The TLS context that new connections get. Connections under way keep the one that they began with.
public final class SecurityContext: Sendable {
    private let settings: TransportSecurity
    private let current: Mutex<NIOSSLContext>

    /// Reads the files. Throws a `StartError` that names the file that can't be used.
    public init(_ settings: TransportSecurity) throws(MQTTServer.StartError) {
        self.settings = settings
        current = Mutex(try Self.load(settings))
    }

    /// Reads the files again. If that fails, the old certificates stay in use.
    public func reload() throws(MQTTServer.StartError) {
        let new = try Self.load(settings)
        current.withLock { $0 = new }
    }

    /// What a new connection is encrypted with.
    public var context: NIOSSLContext { current.withLock { $0 } }

    /// The handler that does the server's side of TLS for a new connection.
    func makeHandler() -> NIOSSLServerHandler { NIOSSLServerHandler(context: current.withLock { $0 }) }

    private static func load(_ settings: TransportSecurity) throws(MQTTServer.StartError) -> NIOSSLContext {
        let chain = try read(settings.certificateFile, "certificate") { try NIOSSLCertificate.fromPEMFile($0) }
        guard !chain.isEmpty else {
            throw .badCertificate(reason: "there is no certificate in '\(settings.certificateFile)'")
        }
        let key = try read(settings.keyFile, "private key") { try NIOSSLPrivateKey(file: $0, format: .pem) }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
        configuration.minimumTLSVersion = settings.minimumVersion == .tls13 ? .tlsv13 : .tlsv12
        // Devices that vanish must not hold their connection for the time of a polite goodbye.
        configuration.shutdownTimeout = .seconds(1)
        if settings.clientCertificates != .none {
            guard let file = settings.clientAuthorityFile else {
                throw .badCertificate(reason: "client certificates need the certificate of their authority")
            }
            let authorities = try read(file, "certificate") { try NIOSSLCertificate.fromPEMFile($0) }
            guard !authorities.isEmpty else { throw .badCertificate(reason: "there is no certificate in '\(file)'") }
            configuration.trustRoots = .certificates(authorities)
            // A client has no host name that could be compared.
            configuration.certificateVerification =
                settings.clientCertificates == .required ? .noHostnameVerification : .optionalVerification
            configuration.sendCANameList = true
        }
        do {
            return try NIOSSLContext(configuration: configuration)
        } catch {
            throw .badCertificate(
                reason: "'\(settings.certificateFile)' and '\(settings.keyFile)' don't go together: \(error)")
        }
    }

    private static func read<Value>(
        _ file: String, _ what: String, _ body: (String) throws -> Value
    ) throws(MQTTServer.StartError) -> Value {
        do {
            return try body(file)
        } catch let error as IOError {
            throw .badCertificate(reason: "the \(what) in '\(file)' can't be read: \(error)")
        } catch {
            // The error of a key that can't be parsed has nothing of the key in it, but nothing of use either.
            throw .badCertificate(reason: "there is no \(what) in PEM form in '\(file)'")
        }
    }
}
