import Metrics
import NIOCore
import Synchronization

/// Decides on new connections and live streams by the limits in force, and counts both.
public final class HTTPAdmission: Sendable {
    /// Why a connection or a stream is not served.
    enum Refusal: String, Sendable, CaseIterable {
        case connections
        case address
        case streams
        case streamsPerAddress = "streams_per_address"
        /// A connection past the balancer.
        case untrustedProxy = "untrusted_proxy"

        /// The client is one of too many, or is itself too much.
        var isOfAll: Bool { self == .connections || self == .streams }
    }

    private struct State {
        var limits: HTTPLimits
        var connections = 0
        /// Connections that are being told why they are refused.
        var farewells = 0
        var streams = 0
        var streamsByAddress: [String: Int] = [:]
    }

    /// No more refused connections than these are kept open for an answer.
    private static let mostFarewells = 64

    private let state: Mutex<State>
    private let addresses: (any AddressGate)?
    private let openConnections = Gauge(label: "garage_http_connections")
    private let refusals = Dictionary(
        uniqueKeysWithValues: Refusal.allCases.map { refusal in
            (refusal, Counter(label: "garage_http_refused_total", dimensions: [("limit", refusal.rawValue)]))
        })

    /// - Parameter addresses: counts by address; `nil` leaves single addresses without a bound.
    public init(limits: HTTPLimits = HTTPLimits(), addresses: (any AddressGate)? = nil) {
        state = Mutex(State(limits: limits))
        self.addresses = addresses
        openConnections.record(0)
    }

    /// The limits in force.
    public var limits: HTTPLimits { state.withLock { $0.limits } }

    /// Puts other limits in force. Connections and streams that are there stay.
    public func replace(with limits: HTTPLimits) { state.withLock { $0.limits = limits } }

    /// Counts a connection until it closes, or says why it is not to be served.
    func admit(_ channel: any Channel, from client: SocketAddress?) -> Refusal? {
        let count: Int? = state.withLock { state in
            guard state.connections < state.limits.connections else { return nil }
            state.connections += 1
            return state.connections
        }
        guard let count else { return refuse(.connections) }
        guard addresses?.admit(channel, from: client) ?? true else {
            state.withLock { $0.connections -= 1 }
            return refuse(.address)
        }
        openConnections.record(count)
        channel.closeFuture.whenComplete { [self] _ in
            openConnections.record(
                state.withLock { state in
                    state.connections -= 1
                    return state.connections
                })
        }
        return nil
    }

    /// Counts a connection that came past the balancer.
    func refuseUntrusted(_ peer: SocketAddress?) {
        _ = refuse(.untrustedProxy)
        addresses?.refuseProxy(peer)
    }

    /// Whether a refused connection may be told so; `endFarewell` must follow then.
    func beginFarewell() -> Bool {
        state.withLock { state in
            guard state.farewells < Self.mostFarewells else { return false }
            state.farewells += 1
            return true
        }
    }

    func endFarewell() { state.withLock { $0.farewells -= 1 } }

    /// A place for a live stream, which is free again when nobody holds it any more.
    func openStream(for peer: SocketAddress?) throws(StreamRefused) -> Hold {
        let name = peer.flatMap { addresses?.name(of: $0) }
        let refusal: Refusal? = state.withLock { state in
            guard state.streams < state.limits.streams else { return .streams }
            if let name {
                let held = state.streamsByAddress[name] ?? 0
                let most = state.limits.streamsPerAddress
                guard most == 0 || held < most else { return .streamsPerAddress }
                state.streamsByAddress[name] = held + 1
            }
            state.streams += 1
            return nil
        }
        if let refusal { throw StreamRefused(reason: refuse(refusal)) }
        return Hold { [self] in
            state.withLock { state in
                state.streams -= 1
                guard let name, let held = state.streamsByAddress[name] else { return }
                state.streamsByAddress[name] = held > 1 ? held - 1 : nil
            }
        }
    }

    private func refuse(_ refusal: Refusal) -> Refusal {
        refusals[refusal]?.increment()
        return refusal
    }
}

/// There are too many streams.
struct StreamRefused: Error {
    var reason: HTTPAdmission.Refusal
}
