import NIOCore
import NIOSSL

/// The client's side of TLS for a bridge.
struct BridgeSecurity: Sendable {
    private let context: NIOSSLContext
    private let serverName: String?

    /// Reads the files. Throws a `BridgeSetupError` that names the file that can't be used.
    init(_ tls: BridgeSettings.TLS, host: String) throws(BridgeSetupError) {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        configuration.certificateVerification = .fullVerification
        configuration.shutdownTimeout = .seconds(1)
        if let file = tls.authorityFile {
            let authorities = try Self.read(file) { try NIOSSLCertificate.fromPEMFile($0) }
            guard !authorities.isEmpty else { throw BridgeSetupError("there is no certificate in '\(file)'") }
            configuration.trustRoots = .certificates(authorities)
        }
        if let certificate = tls.certificateFile, let key = tls.keyFile {
            let chain = try Self.read(certificate) { try NIOSSLCertificate.fromPEMFile($0) }
            configuration.certificateChain = chain.map { .certificate($0) }
            configuration.privateKey = .privateKey(try Self.read(key) { try NIOSSLPrivateKey(file: $0, format: .pem) })
        }
        do {
            context = try NIOSSLContext(configuration: configuration)
        } catch { throw BridgeSetupError("the certificate and its key don't go together") }
        let name = tls.serverName ?? host
        // An address can't be asked for by name; the certificate is compared with the address then.
        serverName = (try? SocketAddress(ipAddress: name, port: 0)) == nil ? name : nil
    }

    func prepare(_ channel: any Channel) throws {
        try channel.pipeline.syncOperations.addHandler(
            NIOSSLClientHandler(context: context, serverHostname: serverName))
    }

    private static func read<Value>(
        _ file: String, _ body: (String) throws -> Value
    ) throws(BridgeSetupError) -> Value {
        do {
            return try body(file)
        } catch { throw BridgeSetupError("the file '\(file)' can't be read, or is not what it should be") }
    }
}

/// Why a bridge can't be set up, in one line.
public struct BridgeSetupError: Error, Sendable, CustomStringConvertible {
    public let description: String

    init(_ description: String) { self.description = description }
}
