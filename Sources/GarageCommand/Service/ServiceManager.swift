import EventLog
import Foundation
import Logging
import MQTTServer
import ServiceLifecycle

/// Tells systemd how the service does (`sd_notify`): that it is ready, that it is alive, that it stops. Without systemd
/// it does nothing.
struct ServiceManager: Service {
    private let socket: String
    /// Half of what systemd allows between two signs of life; `nil` if it waits for none.
    private let interval: Duration?
    private let server: MQTTServer
    private let log: EventLog
    private let logger: Logger

    /// `nil` if no service manager listens.
    init?(environment: [String: String], server: MQTTServer, log: EventLog, logger: Logger) {
        guard let socket = environment["NOTIFY_SOCKET"], socket.hasPrefix("/") || socket.hasPrefix("@") else {
            return nil
        }
        self.socket = socket
        self.server = server
        self.log = log
        self.logger = logger
        let isForUs = environment["WATCHDOG_PID"].map { $0 == String(getpid()) } ?? true
        interval = isForUs ? environment["WATCHDOG_USEC"].flatMap { Int64($0) }.map { .microseconds($0 / 2) } : nil
    }

    /// Every listener is bound.
    func ready() { send("READY=1\nSTATUS=Listening") }

    /// Feeds the watchdog until the service is shut down.
    func run() async throws {
        try? await cancelWhenGracefulShutdown {
            while let interval {
                try await Task.sleep(for: interval)
                if await isAlive() { send("WATCHDOG=1") }
            }
            try await gracefulShutdown()
        }
        send("STOPPING=1")
    }

    /// Whether the broker's loops and the writer of the event log answer. A disk that refuses writes is not death: the
    /// writer says so and tries again, and a restart would not help.
    private func isAlive() async -> Bool {
        await withTaskGroup(of: Bool.self) { group in
            group.addTask {
                _ = await server.statistics()
                _ = try? await log.append(AppendRequest(events: []))
                return true
            }
            group.addTask {
                try? await Task.sleep(for: .seconds(5))
                return false
            }
            let isAlive = await group.next() ?? false
            group.cancelAll()
            if !isAlive { logger.error("the broker or the event log does not answer") }
            return isAlive
        }
    }

    /// One datagram; a lost one is no failure.
    private func send(_ message: String) {
        let descriptor = Glibc.socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        // A leading @ stands for the zero byte of an abstract name.
        var path = Array(socket.utf8)
        if path.first == UInt8(ascii: "@") { path[0] = 0 }
        guard path.count < MemoryLayout.size(ofValue: address.sun_path) else { return }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path) }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + path.count)
        let bytes = Array(message.utf8)
        _ = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                sendto(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL), $0, length)
            }
        }
    }
}
