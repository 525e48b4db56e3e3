import MQTTBroker
import MQTTCodec
import NIOCore
import StoreModel
import Testing

@Suite("Several shards")
struct ShardTests {
    private let persistent: Properties = [.sessionExpiryInterval(1000)]

    @Test("Messages reach subscribers of every shard, in order", arguments: QoS.allCases)
    func delivery(qos: QoS) {
        let broker = TestBroker(shards: 3)
        let subscribers = (0..<3).map { broker.subscriber("s\($0)", "t/#", shard: $0) }
        let publisher = broker.connect("p", shard: 1)
        for number in 0..<50 {
            publisher.publish("t/\(number)", "\(number)", qos: qos, id: UInt16(number + 1))
        }
        for subscriber in subscribers {
            let publishes = subscriber.takePublishes()
            #expect(publishes.map { String(buffer: $0.payload) } == (0..<50).map(String.init))
            #expect(publishes.allSatisfy { $0.qos == qos })
        }
    }

    @Test("Retained messages and wills are common to all shards")
    func retained() {
        let broker = TestBroker(shards: 2)
        let watcher = broker.subscriber("w", "will", shard: 0)
        let will = Will(topic: "will", payload: ByteBuffer(string: "gone"))
        let publisher = broker.connect("p", will: will, shard: 1)
        publisher.publish("t", "r", retain: true)
        #expect(broker.subscriber("s", "t", shard: 0).takeTexts() == ["r"])
        publisher.cut()
        #expect(watcher.takeTexts() == ["gone"])
    }

    @Test("The host's messages reach each subscriber once")
    func local() {
        let broker = TestBroker(shards: 2)
        let subscribers = (0..<2).map { broker.subscriber("s\($0)", "t", shard: $0) }
        #expect(broker.publish(LocalMessage(topic: "t", text: "x", qos: .atLeastOnce, retain: true)) == 2)
        #expect(subscribers.map { $0.takeTexts() } == [["x"], ["x"]])
        #expect(broker.statistics.retainedMessages == 1)
    }

    @Test("A connection on another shard takes the session over [MQTT-3.1.4-3]")
    func takeOver() {
        let broker = TestBroker(shards: 2)
        let old = broker.connect("a", clean: false, shard: 0, persistent)
        old.subscribe("t", qos: .atLeastOnce)
        let new = broker.connect("a", clean: false, shard: 1, persistent)
        #expect(old.take().first?.asDisconnect?.reasonCode == .sessionTakenOver)
        #expect(new.connack?.sessionPresent == true)
        broker.connect("p", shard: 0).publish("t", "1", qos: .atLeastOnce)
        #expect(new.takeTexts() == ["1"])
        #expect(broker.statistics.sessions == 2 && broker.statistics.subscriptions == 1)
        #expect(broker.connect("a", shard: 0).connack?.sessionPresent == false)
        #expect(broker.statistics.sessions == 2 && broker.statistics.subscriptions == 0)
    }

    @Test("Everything of a session moves with it")
    func move() {
        let broker = TestBroker(shards: 2)
        let client = broker.connect("a", clean: false, shard: 0, persistent)
        client.subscribe("t", qos: .exactlyOnce)
        client.publish("u", "once", qos: .exactlyOnce, id: 9)
        for number in 1...3 {
            broker.publish(
                LocalMessage(
                    topic: "t", text: "\(number)", qos: number == 2 ? .exactlyOnce : .atLeastOnce,
                    properties: [.contentType("c")]))
        }
        let first = client.takePublishes()
        client.send(.pubrec(Acknowledgement(packetID: first[1].packetID ?? 0)))
        client.cut()
        broker.publish(LocalMessage(topic: "t", text: "4", qos: .atLeastOnce))
        let watcher = broker.subscriber("w", "u", shard: 0)
        let moved = broker.connect("a", clean: false, shard: 1, persistent)
        #expect(moved.connack?.sessionPresent == true)
        let received = moved.take()
        let publishes = received.compactMap(\.asPublish)
        #expect(publishes.map { String(buffer: $0.payload) } == ["1", "3", "4"])
        #expect(publishes.map(\.dup) == [true, true, false])
        #expect(publishes[0].packetID == first[0].packetID && publishes[1].packetID == first[2].packetID)
        #expect(publishes[0].properties == [.contentType("c")])
        #expect(received.contains(.pubrel(Acknowledgement(packetID: first[1].packetID ?? 0))))
        moved.publish("u", "once", qos: .exactlyOnce, dup: true, id: 9)
        #expect(moved.take() == [.pubrec(Acknowledgement(packetID: 9))])
        #expect(watcher.takePublishes().isEmpty)
    }

    @Test("A session without expiry ends when its client connects elsewhere, and its will is published")
    func endsElsewhere() {
        let broker = TestBroker(shards: 2)
        let watcher = broker.subscriber("w", "will", shard: 1)
        let will = Will(topic: "will", payload: ByteBuffer(string: "gone"))
        let old = broker.connect("a", will: will, shard: 0)
        old.subscribe("t")
        let new = broker.connect("a", shard: 1)
        #expect(old.isClosed && new.connack?.sessionPresent == false)
        #expect(watcher.takeTexts() == ["gone"])
        #expect(broker.statistics.sessions == 2)
    }

    @Test("A delayed will is taken back by a connection elsewhere")
    func delayedWill() {
        let broker = TestBroker(shards: 2)
        let watcher = broker.subscriber("w", "will", shard: 1)
        let will = Will(topic: "will", payload: ByteBuffer(string: "gone"), properties: [.willDelayInterval(10)])
        broker.connect("a", clean: false, will: will, shard: 0, persistent).cut()
        let back = broker.connect("a", clean: false, will: will, shard: 1, persistent)
        broker.advance(seconds: 20)
        #expect(watcher.takePublishes().isEmpty)
        back.cut()
        broker.advance(seconds: 11)
        #expect(watcher.takeTexts() == ["gone"])
    }

    @Test("A QoS 2 publish held while the session moves is acknowledged where it went")
    func heldAcrossShards() {
        let broker = TestBroker(shards: 2)
        broker.policy.set { $0.verdict = { _ in .hold(retained: false) } }
        let client = broker.connect("a", clean: false, shard: 0, persistent)
        // Its ticket is released too, and must not count for one of the others.
        client.publish("t", "0", qos: .atLeastOnce, id: 1)
        client.publish("t", "1", qos: .exactlyOnce, id: 2)
        client.publish("t", "2", qos: .exactlyOnce, id: 3)
        client.cut()
        let moved = broker.connect("a", clean: false, shard: 1, persistent)
        moved.publish("t", "1", qos: .exactlyOnce, dup: true, id: 2)
        #expect(moved.take().isEmpty)
        for seen in broker.policy.seen { broker.release(seen.ticket) }
        #expect(moved.take() == [.pubrec(Acknowledgement(packetID: 2))])
        moved.publish("t", "2", qos: .exactlyOnce, dup: true, id: 3)
        #expect(moved.take() == [.pubrec(Acknowledgement(packetID: 3))])
        #expect(broker.policy.seen.count == 3)
    }

    @Test("A share group spans shards: each message goes to one member, present ones first", arguments: 0..<5)
    func sharedSubscription(topic: Int) {
        let broker = TestBroker(shards: 3)
        let members = (0..<6).map { number in
            let member = broker.connect("m\(number)", clean: false, shard: number % 3, persistent)
            member.subscribe("$share/g/t\(topic)/#", qos: .atLeastOnce)
            return member
        }
        for number in 0..<60 {
            broker.connect("p", shard: number % 3).publish("t\(topic)/1", "\(number)", qos: .atLeastOnce)
        }
        let texts = members.map { $0.takeTexts() }
        #expect(texts.map(\.count) == [10, 10, 10, 10, 10, 10])
        #expect(Set(texts.joined()).count == 60)
        members[0].cut()
        members[1].send(.unsubscribe(Unsubscribe(packetID: 1, filters: ["$share/g/t\(topic)/#"])))
        let moved = broker.connect("m2", clean: false, shard: 0, persistent)
        _ = moved.take()
        for client in members { _ = client.take() }
        for number in 0..<8 {
            broker.publish(LocalMessage(topic: "t\(topic)/1", text: "\(number)", qos: .atLeastOnce))
        }
        let later = [moved, members[3], members[4], members[5]].map { $0.takeTexts().count }
        #expect(later == [2, 2, 2, 2])
        for client in [moved, members[3], members[4], members[5]] { client.cut() }
        broker.publish(LocalMessage(topic: "t\(topic)/1", text: "late", qos: .atLeastOnce))
        let back = (0..<6).map { broker.connect("m\($0)", clean: false, shard: ($0 + 1) % 3, persistent) }
        #expect(back.flatMap { $0.takeTexts() }.filter { $0 == "late" }.count == 1)
    }

    @Test("A publisher is slowed down when another shard does not read its mail")
    func mailBackPressure() {
        let broker = TestBroker(shards: 2)
        let subscriber = broker.subscriber("s", "t", shard: 0)
        let publisher = broker.connect("p", shard: 1)
        broker.holdsMail = true
        var sent = 0
        while !publisher.isReadingPaused, sent < 10_000 {
            publisher.publish("t")
            sent += 1
        }
        #expect(sent < 10_000)
        broker.holdsMail = false
        broker.pump()
        #expect(!publisher.isReadingPaused)
        #expect(subscriber.takePublishes().count == sent)
    }

    @Test("Bytes that come before the session are kept for it")
    func earlyBytes() {
        let broker = TestBroker(shards: 2)
        broker.connect("a", clean: false, shard: 0, persistent).cut()
        broker.holdsMail = true
        let client = broker.connect("a", clean: false, shard: 1, persistent)
        #expect(client.connack == nil && client.isReadingPaused)
        client.send(.pingreq)
        client.publish("t", qos: .atLeastOnce, id: 4)
        #expect(client.take().isEmpty)
        broker.holdsMail = false
        broker.pump()
        client.takeConnack()
        #expect(client.connack?.sessionPresent == true)
        #expect(client.take() == [.pingresp, .puback(Acknowledgement(packetID: 4))])
    }

    @Test("A broker that goes with mail between its shards leaves nothing behind")
    func unreadMail() {
        weak var hub: BrokerHub?
        do {
            let broker = TestBroker(shards: 2, store: MemoryStore(isQuick: true))
            hub = broker.hub
            let subscriber = broker.connect("s", clean: false, shard: 1, [.sessionExpiryInterval(1000)])
            subscriber.subscribe("t")
            let publisher = broker.connect("p")
            broker.holdsMail = true
            publisher.publish("t", qos: .atLeastOnce, id: 1)
            #expect(publisher.take().isEmpty, "it waits for the other shard")
        }
        #expect(hub == nil)
    }
}
