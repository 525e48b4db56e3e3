import Logging
import NIOCore
import Synchronization

/// Decides on new connections before anything is spent on them, for all listeners of a server.
final class ConnectionGate: Sendable {
    private struct State {
        var ledger: AddressLedger
        var figures = AdmissionStatistics()
        /// When a refusal was last logged; an attack must not fill the log.
        var lastLogged: UInt64?
    }

    private static let logInterval: UInt64 = 1_000_000_000

    private let state: Mutex<State>
    private let logger: Logger

    init(limits: AdmissionLimits, logger: Logger) {
        state = Mutex(State(ledger: AddressLedger(limits: limits)))
        self.logger = logger
    }

    var figures: AdmissionStatistics { state.withLock { $0.figures } }

    /// Counts a connection for as long as it lasts, or says that there are too many.
    func admit(_ channel: any Channel, _ source: SocketAddress?) -> Bool {
        guard let address = source.flatMap(IPAddress.init) else { return true }
        let now = NIODeadline.now().uptimeNanoseconds
        let decision = state.withLock { $0.ledger.enter(address, now) }
        switch decision {
        case .admitted:
            channel.closeFuture.whenComplete { [self] _ in
                let now = NIODeadline.now().uptimeNanoseconds
                state.withLock { $0.ledger.leave(address, now) }
            }
            return true
        case .tooManyConnections:
            count(\.tooManyConnections, source, "too many connections from this address", now)
        case .tooFast: count(\.tooFast, source, "too many new connections from this address", now)
        }
        return false
    }

    /// Counts a connection that came past the balancer.
    func refuseProxy(_ source: SocketAddress?) {
        count(\.untrustedProxy, source, "not a trusted proxy", NIODeadline.now().uptimeNanoseconds)
    }

    private func count(
        _ figure: WritableKeyPath<AdmissionStatistics, Int>, _ source: SocketAddress?, _ reason: String, _ now: UInt64
    ) {
        let logs = state.withLock { state in
            state.figures[keyPath: figure] += 1
            if let last = state.lastLogged, now < last + Self.logInterval { return false }
            state.lastLogged = now
            return true
        }
        guard logs else { return }
        logger.notice(
            "connection refused", metadata: ["address": "\(Peer.text(source))", "reason": "\(reason)"])
    }
}

/// Connections that were refused before anything was read from them.
public struct AdmissionStatistics: Sendable, Hashable {
    /// Their address had its number of connections.
    public var tooManyConnections = 0
    /// Their address opened connections too fast.
    public var tooFast = 0
    /// A connection without a trusted proxy where one is expected.
    public var untrustedProxy = 0

    public init() {}
}
