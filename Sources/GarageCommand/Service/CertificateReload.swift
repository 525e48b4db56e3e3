import Logging
import MQTTServer
import ServiceLifecycle
import UnixSignals

/// Reads the certificates again on SIGHUP; connections under way keep going.
struct CertificateReload: Service {
    let server: MQTTServer
    let logger: Logger

    func run() async throws {
        for await _ in await UnixSignalsSequence(trapping: .sighup).cancelOnGracefulShutdown() {
            do {
                try server.reloadCertificates()
            } catch {
                logger.error("the certificates can't be read again; the old ones stay in use: \(error)")
            }
        }
    }
}
