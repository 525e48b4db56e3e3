import Foundation
import MQTTBroker

/// What is published below `$SYS/broker`, with the names and units of Mosquitto (mosquitto(8), section "Broker status").
struct SystemTopics {
    /// One figure whose change is averaged.
    private struct Load {
        var topic: String
        var value: (BrokerStatistics) -> Int
        var averages = LoadAverages()
    }

    private let version: String
    private var loads: [Load] = [
        Load(topic: "messages/received") { $0.packetsReceived },
        Load(topic: "messages/sent") { $0.allPacketsSent },
        Load(topic: "publish/received") { $0.messagesReceived },
        Load(topic: "publish/sent") { $0.messagesSent },
        Load(topic: "publish/dropped") { $0.messagesDropped },
        Load(topic: "bytes/received") { $0.bytesReceived },
        Load(topic: "bytes/sent") { $0.bytesSent },
        Load(topic: "sockets") { $0.connectionsOpened },
        Load(topic: "connections") { $0.connectsReceived },
    ]
    private var previous: BrokerStatistics?
    private var published: [String: String] = [:]
    private var largestMemory = 0

    init(version: String) { self.version = version }

    /// The messages whose content is another than the last time.
    /// - Parameters:
    ///   - uptime: seconds since the start.
    ///   - interval: seconds since the last time.
    ///   - memory: bytes of memory in use; `nil` if that is not known.
    mutating func update(
        _ figures: BrokerStatistics, uptime: Int, interval: Double, memory: Int?
    ) -> [LocalMessage] {
        if let previous {
            for index in loads.indices {
                let value = loads[index].value
                loads[index].averages.add(value(figures) - value(previous), in: interval)
            }
        }
        previous = figures
        largestMemory = max(largestMemory, memory ?? 0)
        var messages: [LocalMessage] = []
        for (topic, text) in values(figures, uptime: uptime, memory: memory) where published[topic] != text {
            published[topic] = text
            messages.append(LocalMessage(topic: "$SYS/broker/" + topic, text: text, retain: true))
        }
        return messages
    }

    private func values(_ figures: BrokerStatistics, uptime: Int, memory: Int?) -> [(String, String)] {
        let away = max(0, figures.sessions - figures.connectedClients)
        let numbers: [(String, Int)] = [
            ("clients/total", figures.sessions),
            ("clients/maximum", figures.peakConnections),
            ("clients/connected", figures.connectedClients),
            ("clients/active", figures.connectedClients),
            ("clients/disconnected", away),
            ("clients/inactive", away),
            ("clients/expired", figures.sessionsExpired),
            ("messages/received", figures.packetsReceived),
            ("messages/sent", figures.allPacketsSent),
            ("messages/inflight", figures.inflightMessages),
            ("messages/stored", figures.queuedMessages + figures.retainedMessages),
            ("store/messages/count", figures.queuedMessages + figures.retainedMessages),
            ("store/messages/bytes", figures.queuedBytes + figures.retainedBytes),
            ("retained messages/count", figures.retainedMessages),
            ("subscriptions/count", figures.subscriptions - figures.sharedSubscriptions),
            ("shared_subscriptions/count", figures.sharedSubscriptions),
            ("publish/messages/received", figures.messagesReceived),
            ("publish/messages/sent", figures.messagesSent),
            ("publish/messages/dropped", figures.messagesDropped),
            ("publish/bytes/received", figures.payloadBytesReceived),
            ("publish/bytes/sent", figures.payloadBytesSent),
            ("bytes/received", figures.bytesReceived),
            ("bytes/sent", figures.bytesSent),
        ]
        var values = [("version", version), ("uptime", "\(uptime) seconds")]
        values += numbers.map { ($0.0, String($0.1)) }
        if let memory {
            values += [("heap/current", String(memory)), ("heap/maximum", String(largestMemory))]
        }
        for load in loads {
            for (minutes, rate) in zip(LoadAverages.minutes, load.averages.perMinute) {
                values.append(("load/\(load.topic)/\(minutes)min", String(format: "%.2f", rate)))
            }
        }
        return values
    }
}
