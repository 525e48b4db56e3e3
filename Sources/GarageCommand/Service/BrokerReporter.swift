import EventLog
import GarageDomain
import MQTTBroker
import MQTTCodec
import MQTTServer
import NIOCore
import Synchronization
import Views
import Web

/// Tells the page about the broker what the broker says of itself, with rates since the last time it was asked.
final class BrokerReporter: Sendable {
    private struct Sample {
        var statistics: BrokerStatistics
        var time: ContinuousClock.Instant
        var received = 0.0
        var sent = 0.0
    }

    private let server: MQTTServer
    private let views: Views
    private let bridges: Bridges
    private let last: Mutex<Sample>

    init(server: MQTTServer, views: Views, bridges: Bridges) {
        self.bridges = bridges
        self.server = server
        self.views = views
        // The first to ask is told the rates since the start.
        last = Mutex(Sample(statistics: BrokerStatistics(), time: .now))
    }

    func report() async -> BrokerReport {
        let statistics = await server.statistics()
        let (wall, monotonic) = (WallClock.microseconds(), NIODeadline.now().uptimeNanoseconds)
        let clients = await server.clients().map { client in
            var row = BrokerReporter.client(client)
            if let since = client.context?.connectedAt, since > 0, since <= monotonic {
                row.connectedAt = Timestamp(microseconds: wall - Int64(clamping: (monotonic - since) / 1000))
            }
            return row
        }
        let retained = await server.retainedMessages(limit: .max)
        return BrokerReport(
            clients: clients, retained: retained?.map { .init(topic: $0.topic, payload: $0.payload) },
            figures: figures(statistics, listed: retained?.count), refusals: await refusals(statistics),
            bridges: await bridges.report())
    }

    /// - Parameter listed: the retained messages that the page lists: those of the broker itself are not among them.
    private func figures(_ now: BrokerStatistics, listed: Int?) -> [BrokerReport.Figure] {
        let rates = last.withLock { last in
            let time = ContinuousClock.now
            let before = last
            let (seconds, attoseconds) = (time - before.time).components
            let elapsed = Double(seconds) + Double(attoseconds) / 1e18
            // Several readers of the page ask at almost the same time, and a rate over a moment says little.
            guard elapsed >= 10 else { return (received: before.received, sent: before.sent) }
            let received = Double(now.messagesReceived - before.statistics.messagesReceived) / elapsed
            let sent = Double(now.messagesSent - before.statistics.messagesSent) / elapsed
            last = Sample(statistics: now, time: time, received: received, sent: sent)
            return (received: received, sent: sent)
        }
        func figure(_ name: String, _ value: Int) -> BrokerReport.Figure { .init(name: name, value: Double(value)) }
        return [
            figure("clients/connected", now.connections), figure("clients/total", now.sessions),
            figure("subscriptions/count", now.subscriptions),
            figure("retained messages/count", listed ?? now.retainedMessages),
            figure("messages/received", now.messagesReceived), figure("messages/sent", now.messagesSent),
            .init(name: "messages/received/rate", value: (rates.received * 10).rounded() / 10),
            .init(name: "messages/sent/rate", value: (rates.sent * 10).rounded() / 10),
            figure("messages/queued", now.queuedMessages), figure("messages/dropped", now.messagesDropped),
            figure("bytes/received", now.bytesReceived), figure("bytes/sent", now.bytesSent),
        ]
    }

    /// What was refused lately by what was tried, from the log, and the connections that never got as far.
    private func refusals(_ statistics: BrokerStatistics) async -> [BrokerReport.Refusal] {
        var found: [String: BrokerReport.Refusal] = [:]
        let filter = EventFilter(types: [EventType.accessDenied.rawValue, EventType.commandRejected.rawValue])
        let page = try? await views.events(filter, PageRequest(order: .descending, limit: 500))
        for row in page?.rows ?? [] {
            let reason: String
            switch row.body {
            case .accessDenied(let denied): reason = denied.attempt
            case .commandRejected(let rejected): reason = "command/\(rejected.reason.rawValue)"
            default: continue
            }
            let time = Timestamp(microseconds: row.event.time)
            found[reason, default: .init(reason: reason, count: 0, last: time)].count += 1
        }
        var refusals = found.values.sorted { ($0.count, $1.reason) > ($1.count, $0.reason) }
        let counted = [
            ("connect", statistics.connectionsRefused - statistics.connectTimeouts),
            ("connect-timeout", statistics.connectTimeouts), ("publish", statistics.publishesRefused),
            ("throttled", statistics.publishersThrottled), ("dropped", statistics.messagesDropped),
        ]
        refusals.insert(
            contentsOf: counted.filter { $0.1 > 0 }.map { BrokerReport.Refusal(reason: $0.0, count: $0.1) }, at: 0)
        return refusals
    }

    private static func client(_ client: ClientInfo) -> BrokerReport.Client {
        let version: String? =
            switch client.context?.version {
            case .v3_1: "3.1"
            case .v3_1_1: "3.1.1"
            case .v5: "5.0"
            case nil: nil
            }
        return BrokerReport.Client(
            id: client.clientID, username: client.context?.userName, version: version,
            address: client.context?.remoteAddress, isConnected: client.context != nil,
            subscriptions: client.subscriptions, queued: client.queuedMessages + client.inflightMessages)
    }
}
