public import Logging
public import NIOCore
import Synchronization

/// Decides on new connections before anything is spent on them, for all listeners of a server.
public final class ConnectionGate: Sendable {
    private struct State {
        var ledger: AddressLedger
        var figures = AdmissionStatistics()
        /// When a refusal was last logged; an attack must not fill the log.
        var lastLogged: UInt64?
    }

    private static let logInterval: UInt64 = 1_000_000_000

    private let state: Mutex<State>
    private let logger: Logger

    public init(limits: AdmissionLimits, logger: Logger) {
        state = Mutex(State(ledger: AddressLedger(limits: limits)))
        self.logger = logger
    }

    /// Decides by other limits from now on. Connections that are there stay.
    public func replaceLimits(_ limits: AdmissionLimits) { state.withLock { $0.ledger.replaceLimits(limits) } }

    /// What an address is counted as: itself, or its network of IPv6; `nil` if it is not counted.
    public func counted(_ source: SocketAddress) -> IPAddress? {
        guard let address = IPAddress(source), !state.withLock({ $0.ledger.isExempt(address) }) else { return nil }
        return address.countedAs
    }

    var figures: AdmissionStatistics { state.withLock { $0.figures } }

    /// Counts a connection for as long as it lasts, or says that there are too many.
    public func admit(_ channel: any Channel, _ source: SocketAddress?) -> Bool {
        guard let source, let address = IPAddress(source) else { return true }
        guard admit(address, { Peer.text(source) }) else { return false }
        channel.closeFuture.whenComplete { [self] _ in leave(address) }
        return true
    }

    /// Counts a connection until `leave`, or says that there are too many.
    /// - Parameter name: what the log calls its other end.
    func admit(_ address: IPAddress, _ name: () -> String) -> Bool {
        let now = NIODeadline.now().uptimeNanoseconds
        switch state.withLock({ $0.ledger.enter(address, now) }) {
        case .admitted: return true
        case .tooManyConnections:
            count(\.tooManyConnections, name, "too many connections from this address", now)
        case .tooFast: count(\.tooFast, name, "too many new connections from this address", now)
        }
        return false
    }

    /// A connection that was admitted has ended.
    func leave(_ address: IPAddress) {
        let now = NIODeadline.now().uptimeNanoseconds
        state.withLock { $0.ledger.leave(address, now) }
    }

    /// Counts a connection that came past the balancer.
    public func refuseProxy(_ source: SocketAddress?) {
        count(\.untrustedProxy, { Peer.text(source) }, "not a trusted proxy", NIODeadline.now().uptimeNanoseconds)
    }

    /// Counts that a listener lets others have their turn because of connections that are refused.
    func countPause() { state.withLock { $0.figures.pauses += 1 } }

    private func count(
        _ figure: WritableKeyPath<AdmissionStatistics, Int>, _ name: () -> String, _ reason: String, _ now: UInt64
    ) {
        let logs = state.withLock { state in
            state.figures[keyPath: figure] += 1
            if let last = state.lastLogged, now < last + Self.logInterval { return false }
            state.lastLogged = now
            return true
        }
        guard logs else { return }
        logger.notice(
            "connection refused", metadata: ["address": "\(name())", "reason": "\(reason)"])
    }
}

/// Connections that were refused before anything was read from them, and what was done about it.
public struct AdmissionStatistics: Sendable, Hashable {
    /// Their address had its number of connections.
    public var tooManyConnections = 0
    /// Their address opened connections too fast.
    public var tooFast = 0
    /// A connection without a trusted proxy where one is expected.
    public var untrustedProxy = 0
    /// Times that a listener took no connections for a moment because so many were refused.
    public var pauses = 0

    public init() {}
}
