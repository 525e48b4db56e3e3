import NIOCore
import Synchronization

/// Bounds the TLS handshakes that are under way at one time, for all listeners of a server. A handshake costs more than
/// anything else that a stranger can ask for: with few of them between two looks at the sockets, those who are connected
/// keep their turn.
///
/// While all places are taken, one accepted connection waits, and others in the system's backlog, so that a site's
/// devices that all come back at once are served in their order. A handshake that takes long loses its place to one that waits: clients that connect
/// and say nothing do not keep others out.
final class HandshakeGate: Sendable {
    private struct State {
        var ledger: HandshakeLedger<ObjectIdentifier>
        var channels: [ObjectIdentifier: any Channel] = [:]
        /// Listeners that are to look again when a place is free.
        var waiting: [@Sendable () -> Void] = []
        var figures = HandshakeStatistics()
    }

    /// A second is far more than a handshake takes, unless the server is the one that is slow.
    private static let patience = TimeAmount.seconds(1)

    private let state: Mutex<State>

    init(limit: Int) {
        let patience = UInt64(Self.patience.nanoseconds)
        state = Mutex(State(ledger: HandshakeLedger(limit: limit, patience: patience)))
    }

    var figures: HandshakeStatistics {
        state.withLock { state in
            var figures = state.figures
            figures.underWay = state.ledger.count
            return figures
        }
    }

    /// Allows another number of handshakes at one time from now on. Those under way go on.
    func replaceLimit(_ limit: Int) {
        let waiting = state.withLock { state in
            state.ledger.replaceLimit(limit)
            return takeWaiting(&state)
        }
        for look in waiting { look() }
    }

    /// Gives a connection that has been accepted a place, until its handshake is over or it ends. If there is none,
    /// `whenFree` is called once when it should ask again, on any thread.
    func enter(
        _ channel: any Channel, whenFree: @escaping @Sendable () -> Void
    ) -> HandshakeLedger<ObjectIdentifier>.Decision {
        let key = ObjectIdentifier(channel)
        let decision = state.withLock { state in
            let decision = state.ledger.decision
            guard decision == .accepted else {
                state.figures.waits += 1
                state.waiting.append(whenFree)
                return decision
            }
            state.ledger.begin(key, NIODeadline.now().uptimeNanoseconds)
            state.channels[key] = channel
            return decision
        }
        if decision == .accepted { channel.closeFuture.whenComplete { [self] _ in end(key) } }
        return decision
    }

    /// The handshake of a connection is over.
    func end(_ channel: any Channel) { end(ObjectIdentifier(channel)) }

    private func end(_ key: ObjectIdentifier) {
        let waiting = state.withLock { state in
            state.ledger.end(key)
            state.channels[key] = nil
            return takeWaiting(&state)
        }
        for look in waiting { look() }
    }

    /// Closes the connection with the oldest handshake, if it has had its time and others wait.
    func giveUpOldest() {
        let (channel, waiting) = state.withLock { state -> ((any Channel)?, [@Sendable () -> Void]) in
            guard let key = state.ledger.giveUpOldest(NIODeadline.now().uptimeNanoseconds) else { return (nil, []) }
            state.figures.givenUp += 1
            return (state.channels.removeValue(forKey: key), takeWaiting(&state))
        }
        channel?.close(promise: nil)
        for look in waiting { look() }
    }

    private func takeWaiting(_ state: inout State) -> [@Sendable () -> Void] {
        guard state.ledger.decision == .accepted else { return [] }
        defer { state.waiting = [] }
        return state.waiting
    }
}

/// What the bound on TLS handshakes did.
struct HandshakeStatistics: Hashable {
    /// Handshakes that have begun and are not over.
    var underWay = 0
    /// How often a connection had to wait for a place.
    var waits = 0
    /// Connections that were closed because their handshake took long while others waited.
    var givenUp = 0
}
