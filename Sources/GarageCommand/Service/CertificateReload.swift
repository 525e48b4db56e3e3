import Logging
import MQTTServer
import ServiceLifecycle
import UnixSignals

/// Reads the certificates again on SIGHUP; connections under way keep going.
struct CertificateReload: Service {
    let server: MQTTServer
    /// Of the pages, if they have one of their own.
    var pages: SecurityContext?
    let logger: Logger

    func run() async throws {
        for await _ in await UnixSignalsSequence(trapping: .sighup).cancelOnGracefulShutdown() {
            do {
                try server.reloadCertificates()
                try pages?.reload()
            } catch {
                logger.error("the certificates can't be read again; the old ones stay in use: \(error)")
            }
        }
    }
}
