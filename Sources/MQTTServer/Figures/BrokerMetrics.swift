import MQTTBroker
import Metrics

/// Reports the broker's figures through swift-metrics, under names that begin with `mqtt.`.
///
/// The figures are read now and then, so counters are moved on by what has been added since the last time.
struct BrokerMetrics {
    private var last = BrokerStatistics()
    private var lastAdmission = AdmissionStatistics()
    private var lastHandshakes = HandshakeStatistics()

    private let received = (0...2).map { Counter(label: "mqtt.messages.received", dimensions: [("qos", "\($0)")]) }
    private let sent = Counter(label: "mqtt.messages.sent")
    private let dropped = Counter(label: "mqtt.messages.dropped")
    private let refusedPublishes = Counter(label: "mqtt.messages.refused")
    private let packetsReceived = Counter(label: "mqtt.packets.received")
    private let packetsSent = Counter(label: "mqtt.packets.sent")
    private let bytesReceived = Counter(label: "mqtt.bytes.received")
    private let bytesSent = Counter(label: "mqtt.bytes.sent")
    private let opened = Counter(label: "mqtt.connections.opened")
    private let throttled = Counter(label: "mqtt.publishers.throttled")
    private let expired = Counter(label: "mqtt.sessions.expired")
    private let refused = Counter(label: "mqtt.connections.refused", dimensions: [("reason", "protocol")])
    private let timedOut = Counter(label: "mqtt.connections.refused", dimensions: [("reason", "timeout")])
    private let tooMany = Counter(label: "mqtt.connections.refused", dimensions: [("reason", "address_limit")])
    private let tooFast = Counter(label: "mqtt.connections.refused", dimensions: [("reason", "address_rate")])
    private let untrusted = Counter(label: "mqtt.connections.refused", dimensions: [("reason", "untrusted_proxy")])
    private let slowHandshake = Counter(label: "mqtt.connections.refused", dimensions: [("reason", "slow_handshake")])
    private let limits = Dictionary(
        uniqueKeysWithValues: LimitKind.allCases.map {
            ($0, Counter(label: "mqtt.limits.reached", dimensions: [("limit", $0.rawValue)]))
        })
    private let pauses = Counter(label: "mqtt.listeners.paused")
    private let handshakeWaits = Counter(label: "mqtt.handshakes.waited")
    private let handshakes = Gauge(label: "mqtt.handshakes")
    private let connections = Gauge(label: "mqtt.connections")
    private let clients = Gauge(label: "mqtt.clients")
    private let sessions = Gauge(label: "mqtt.sessions")
    private let subscriptions = Gauge(label: "mqtt.subscriptions")
    private let retained = Gauge(label: "mqtt.retained.messages")
    private let retainedBytes = Gauge(label: "mqtt.retained.bytes")
    private let queued = Gauge(label: "mqtt.queued.messages")
    private let queuedBytes = Gauge(label: "mqtt.queued.bytes")
    private let inflight = Gauge(label: "mqtt.inflight.messages")

    mutating func report(
        _ figures: BrokerStatistics, _ admission: AdmissionStatistics, _ handshaking: HandshakeStatistics
    ) {
        let qos0 = { (figures: BrokerStatistics) in
            figures.messagesReceived - figures.messagesReceivedQoS1 - figures.messagesReceivedQoS2
        }
        received[0].increment(by: qos0(figures) - qos0(last))
        received[1].increment(by: figures.messagesReceivedQoS1 - last.messagesReceivedQoS1)
        received[2].increment(by: figures.messagesReceivedQoS2 - last.messagesReceivedQoS2)
        sent.increment(by: figures.messagesSent - last.messagesSent)
        dropped.increment(by: figures.messagesDropped - last.messagesDropped)
        refusedPublishes.increment(by: figures.publishesRefused - last.publishesRefused)
        packetsReceived.increment(by: figures.packetsReceived - last.packetsReceived)
        packetsSent.increment(by: figures.allPacketsSent - last.allPacketsSent)
        bytesReceived.increment(by: figures.bytesReceived - last.bytesReceived)
        bytesSent.increment(by: figures.bytesSent - last.bytesSent)
        opened.increment(by: figures.connectionsOpened - last.connectionsOpened)
        throttled.increment(by: figures.publishersThrottled - last.publishersThrottled)
        expired.increment(by: figures.sessionsExpired - last.sessionsExpired)
        let timeouts = figures.connectTimeouts - last.connectTimeouts
        timedOut.increment(by: timeouts)
        // A connection that times out is among those that were refused.
        refused.increment(by: max(0, figures.connectionsRefused - last.connectionsRefused - timeouts))
        tooMany.increment(by: admission.tooManyConnections - lastAdmission.tooManyConnections)
        tooFast.increment(by: admission.tooFast - lastAdmission.tooFast)
        untrusted.increment(by: admission.untrustedProxy - lastAdmission.untrustedProxy)
        pauses.increment(by: admission.pauses - lastAdmission.pauses)
        slowHandshake.increment(by: handshaking.givenUp - lastHandshakes.givenUp)
        for (limit, counter) in limits {
            counter.increment(by: figures.limitsReached[limit, default: 0] - last.limitsReached[limit, default: 0])
        }
        handshakeWaits.increment(by: handshaking.waits - lastHandshakes.waits)
        handshakes.record(handshaking.underWay)
        connections.record(figures.connections)
        clients.record(figures.connectedClients)
        sessions.record(figures.sessions)
        subscriptions.record(figures.subscriptions)
        retained.record(figures.retainedMessages)
        retainedBytes.record(figures.retainedBytes)
        queued.record(figures.queuedMessages)
        queuedBytes.record(figures.queuedBytes)
        inflight.record(figures.inflightMessages)
        last = figures
        lastAdmission = admission
        lastHandshakes = handshaking
    }
}
