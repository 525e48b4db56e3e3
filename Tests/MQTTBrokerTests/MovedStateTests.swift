import MQTTBroker
import MQTTCodec
import NIOCore
import Testing

/// What a session has besides its queue and follows its client to another shard: wills, retained messages, times.
@Suite("What moves with a session")
struct MovedStateTests {
    private static let will = Will(
        topic: "will", payload: ByteBuffer(string: "gone"), properties: [.willDelayInterval(10)])
    private let persistent: Properties = [.sessionExpiryInterval(100)]

    @Test("A delayed will still comes when its client connects elsewhere and goes before its session has arrived")
    func willOnTheWay() {
        let broker = TestBroker(shards: 2)
        let watcher = broker.subscriber("w", "will", shard: 1)
        broker.connect("a", clean: false, will: Self.will, shard: 0, persistent).cut()
        broker.advance(seconds: 4)
        broker.holdsMail = true
        broker.connect("a", clean: false, shard: 1, persistent).cut()
        #expect(broker.settleMail())
        broker.holdsMail = false
        broker.advance(seconds: 5)
        #expect(watcher.takeTexts().isEmpty)
        broker.advance(seconds: 2)
        #expect(watcher.takeTexts() == ["gone"])
        broker.advance(seconds: 200)
        #expect(watcher.takeTexts().isEmpty && broker.statistics.sessions == 1)
    }

    @Test("A take-over from another shard sends a will without delay at once, and takes a delayed one back")
    func willOnTakeOver() {
        let broker = TestBroker(shards: 2)
        let watcher = broker.subscriber("w", "will", shard: 1)
        var prompt = Self.will
        prompt.properties = []
        _ = broker.connect("a", clean: false, will: prompt, shard: 0, persistent)
        _ = broker.connect("a", clean: false, will: Self.will, shard: 1, persistent)
        #expect(watcher.takeTexts() == ["gone"])
        let last = broker.connect("a", clean: false, shard: 0, persistent)
        broker.advance(seconds: 50)
        #expect(watcher.takeTexts().isEmpty && !last.isClosed)
        // The session ends before the delay is over.
        broker.connect("b", clean: false, will: Self.will, shard: 0, [.sessionExpiryInterval(3)]).cut()
        _ = broker.connect("b", clean: true, shard: 1)
        #expect(watcher.takeTexts() == ["gone"])
    }

    @Test("Retained messages that wait for quota come after the move, each once and marked as retained")
    func retained() {
        let broker = TestBroker(shards: 2)
        for number in 1...4 {
            broker.publish(LocalMessage(topic: "t/\(number)", text: "\(number)", qos: .atLeastOnce, retain: true))
        }
        let one: Properties = [.sessionExpiryInterval(100), .receiveMaximum(1)]
        let first = broker.connect("a", clean: false, shard: 0, one)
        first.subscribe("t/#", qos: .atLeastOnce)
        let before = first.takePublishes()
        #expect(before.count == 1)
        first.cut()
        let moved = broker.connect("a", clean: false, shard: 1, one)
        var seen: [Publish] = []
        while let next = moved.takePublishes().first {
            seen.append(next)
            moved.acknowledge(next)
        }
        #expect(seen.map(\.dup) == [true, false, false, false] && seen.allSatisfy(\.retain))
        #expect(seen.first?.topic == before.first?.topic)
        #expect(Set(seen.map { String(buffer: $0.payload) }) == ["1", "2", "3", "4"])
    }

    @Test("Message expiry and session expiry go on counting where the session goes")
    func expiry() {
        let broker = TestBroker(shards: 2)
        let first = broker.connect("a", clean: false, shard: 0, persistent)
        first.subscribe("t", qos: .atLeastOnce)
        first.cut()
        for (text, seconds) in [("short", 3), ("long", 20)] as [(String, UInt32)] {
            broker.publish(
                LocalMessage(
                    topic: "t", text: text, qos: .atLeastOnce, properties: [.messageExpiryInterval(seconds)]))
        }
        broker.advance(seconds: 5)
        let moved = broker.connect("a", clean: false, shard: 1, persistent)
        let publishes = moved.takePublishes()
        #expect(publishes.map { String(buffer: $0.payload) } == ["long"])
        #expect(publishes.first?.properties.messageExpiryInterval == 15)
        moved.cut()
        broker.advance(seconds: 99)
        #expect(broker.statistics.sessions == 1)
        broker.advance(seconds: 2)
        #expect(broker.statistics.sessions == 0 && broker.statistics.sessionsExpired == 1)
        #expect(broker.connect("a", clean: false, shard: 0, persistent).connack?.sessionPresent == false)
    }

    @Test(
        "A share group gets the broker's own figures by name, and not by a wildcard in the first level",
        arguments: [1, 3])
    func sharedFigures(shards: Int) {
        let broker = TestBroker(shards: shards)
        let uptime = LocalMessage(topic: "$SYS/broker/uptime", text: "1 seconds", retain: true)
        broker.publish(uptime)
        let members = (0..<2).map { number in
            let member = broker.connect("m\(number)", shard: number % shards)
            #expect(member.subscribe("$share/g/$SYS/#", qos: .atLeastOnce) == .grantedQoS1)
            return member
        }
        let others = ["$share/g/#", "$share/g/+/broker/uptime"].map { filter in
            let client = broker.connect(filter, shard: shards - 1)
            #expect(client.subscribe(filter) == .grantedQoS2)
            return client
        }
        // Nothing retained for a shared subscription [MQTT-4.8.2-3].
        #expect(members.allSatisfy { $0.take().isEmpty })
        for _ in 0..<4 { broker.publish(uptime) }
        let received = members.map { $0.takePublishes() }
        #expect(received.map(\.count) == [2, 2])
        #expect(received.joined().allSatisfy { $0.topic == "$SYS/broker/uptime" && !$0.retain })
        #expect(others.allSatisfy { $0.take().isEmpty })
    }
}
