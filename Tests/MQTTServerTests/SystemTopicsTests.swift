import MQTTBroker
import MQTTCodec
import NIOCore
import Testing

@testable import MQTTServer

@Suite("$SYS")
struct SystemTopicsTests {
    private func text(_ messages: [LocalMessage]) -> [String: String] {
        Dictionary(uniqueKeysWithValues: messages.map { ($0.topic, String(buffer: $0.payload)) })
    }

    @Test("Figures stand under Mosquitto's names, retained, and are sent again only when they change")
    func figures() {
        var topics = SystemTopics(version: "garage 1")
        var figures = BrokerStatistics()
        figures.sessions = 5
        figures.connectedClients = 3
        figures.retainedMessages = 2
        figures.queuedMessages = 4
        figures.packetsSent = 10
        figures.messagesSent = 7
        let first = topics.update(figures, uptime: 1, interval: 0, memory: 5000)
        #expect(first.allSatisfy { $0.retain && $0.topic.hasPrefix("$SYS/broker/") })
        let said = text(first)
        #expect(said["$SYS/broker/version"] == "garage 1")
        #expect(said["$SYS/broker/uptime"] == "1 seconds")
        #expect(said["$SYS/broker/clients/total"] == "5")
        #expect(said["$SYS/broker/clients/connected"] == "3")
        #expect(said["$SYS/broker/clients/disconnected"] == "2")
        #expect(said["$SYS/broker/retained messages/count"] == "2")
        #expect(said["$SYS/broker/messages/stored"] == "6")
        #expect(said["$SYS/broker/messages/sent"] == "17")
        #expect(said["$SYS/broker/heap/current"] == "5000")
        #expect(said["$SYS/broker/load/messages/received/1min"] == "0.00")
        let second = text(topics.update(figures, uptime: 11, interval: 10, memory: 4000))
        #expect(Set(second.keys) == ["$SYS/broker/uptime", "$SYS/broker/heap/current"])
    }

    @Test("Loads are moving averages per minute, quick for one minute and slow for fifteen")
    func loads() {
        var averages = LoadAverages()
        for _ in 0..<6 { averages.add(100, in: 10) }
        #expect(abs(averages.perMinute[0] - 600 * (1 - 0.36788)) < 0.5)
        #expect(averages.perMinute[0] > averages.perMinute[1])
        #expect(averages.perMinute[1] > averages.perMinute[2])
        for _ in 0..<10_000 { averages.add(0, in: 10) }
        #expect(averages.perMinute.allSatisfy { $0 < 0.01 })
    }

    @Test("They may begin and end while the server runs")
    func replacedInterval() async throws {
        try await RunningServer.with { running in
            let client = try await WireClient.connect(port: running.port, "watcher")
            try await client.subscribe("$SYS/broker/uptime")
            var new = MQTTServer.Configuration()
            new.systemTopicsInterval = 1
            running.server.adopt(new)
            for _ in 0..<2 { #expect(try await client.nextPublish(within: 10)?.topic == "$SYS/broker/uptime") }
            new.systemTopicsInterval = 0
            running.server.adopt(new)
            // One may be on its way.
            await #expect(throws: (any Error).self) {
                for _ in 0..<2 { _ = try await client.nextPublish(within: 3) }
            }
        }
    }

    @Test("A client subscribes to them, and nobody else publishes there")
    func published() async throws {
        try await RunningServer.with {
            $0.systemTopicsInterval = 1
            $0.version = "garage test"
        } _: { running in
            let client = try await WireClient.connect(port: running.port, "watcher")
            try await eventually {
                try await client.subscribe("$SYS/broker/version")
                guard let publish = try? await client.nextPublish(within: 1) else { return false }
                return publish.retain && String(buffer: publish.payload) == "garage test"
            }
            let member = try await WireClient.connect(port: running.port, "member")
            try await member.subscribe("$share/g/$SYS/#")
            // Nothing retained comes to a shared subscription, only what is published from now on.
            let publish = try #require(try await member.nextPublish())
            #expect(publish.topic.hasPrefix("$SYS/broker/") && !publish.retain)
            let forger = try await WireClient.connect(port: running.port, "forger")
            try await forger.publish("$SYS/broker/version", "forged", qos: .atLeastOnce)
            guard case .puback(let answer)? = try await forger.next() else {
                Issue.record("no PUBACK")
                return
            }
            #expect(answer.reasonCode == .notAuthorized)
            #expect(await running.server.statistics().publishesRefused == 1)
        }
    }
}
