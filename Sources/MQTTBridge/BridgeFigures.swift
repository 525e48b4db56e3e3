import Metrics
import Synchronization

/// The latest status of a bridge, for other threads, and what of it is reported through swift-metrics.
final class BridgeFigures: Sendable {
    private struct State {
        var status: BridgeStatus
        let connected: Gauge
        let sent: Counter
        let received: Counter
        let connects: Counter
        let dropped: [BridgeDrop: Counter]
    }

    private let state: Mutex<State>

    init(_ status: BridgeStatus) {
        let bridge = [("bridge", status.name)]
        let state = State(
            status: status, connected: Gauge(label: "mqtt.bridge.connected", dimensions: bridge),
            sent: Counter(label: "mqtt.bridge.messages.sent", dimensions: bridge),
            received: Counter(label: "mqtt.bridge.messages.received", dimensions: bridge),
            connects: Counter(label: "mqtt.bridge.connects", dimensions: bridge),
            dropped: Dictionary(
                uniqueKeysWithValues: BridgeDrop.allCases.map {
                    ($0, Counter(label: "mqtt.bridge.messages.dropped", dimensions: bridge + [("reason", $0.rawValue)]))
                }))
        state.connected.record(0)
        self.state = Mutex(state)
    }

    var status: BridgeStatus { state.withLock { $0.status } }

    func update(_ status: BridgeStatus) {
        state.withLock { state in
            let last = state.status
            guard status != last else { return }
            state.status = status
            if status.isConnected != last.isConnected { state.connected.record(status.isConnected ? 1 : 0) }
            state.sent.increment(by: status.sent - last.sent)
            state.received.increment(by: status.received - last.received)
            state.connects.increment(by: status.connects - last.connects)
            for (reason, count) in status.dropped where count != last.dropped[reason] ?? 0 {
                state.dropped[reason]?.increment(by: count - (last.dropped[reason] ?? 0))
            }
        }
    }
}
