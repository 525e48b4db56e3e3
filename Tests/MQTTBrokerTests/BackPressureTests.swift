import MQTTBroker
import MQTTCodec
import NIOCore
import Testing

@Suite("Receivers that do not keep up")
struct BackPressureTests {
    private var limits: BrokerLimits {
        var limits = BrokerLimits()
        limits.outboxHighWater = 10_000
        limits.maximumQueuedMessages = 100
        return limits
    }

    private let text = String(repeating: "x", count: 1000)

    @Test("QoS 0 is not dropped: the publisher is not read until the receiver takes bytes again")
    func pausesPublisher() {
        let broker = TestBroker(limits: limits)
        let slow = broker.subscriber("s", "t")
        let publisher = broker.connect("p")
        let other = broker.connect("o")
        let quick = broker.subscriber("q", "u")
        slow.setWritable(false)
        var sent = 0
        while !publisher.isReadingPaused, sent < 100 {
            publisher.publish("t", text)
            sent += 1
        }
        #expect(publisher.isReadingPaused)
        // What was read already is still handled.
        for _ in 0..<5 {
            publisher.publish("t", text)
            sent += 1
        }
        other.publish("u", "hello")
        #expect(!other.isReadingPaused)
        #expect(quick.takeTexts() == ["hello"])
        slow.setWritable(true)
        #expect(!publisher.isReadingPaused)
        #expect(slow.takePublishes().count == sent)
        #expect(broker.statistics.messagesDropped == 0)
    }

    @Test("A host that has too much to do is not given more: clients are not read until it has less")
    func congestedHost() {
        let policy = TestPolicy()
        let broker = TestBroker(policy: policy)
        let publisher = broker.connect("p")
        let other = broker.connect("o")
        policy.set { $0.isCongested = true }
        publisher.publish("t", text)
        #expect(publisher.isReadingPaused)
        #expect(!other.isReadingPaused, "it has sent nothing yet")
        other.publish("t", text)
        #expect(other.isReadingPaused)
        broker.advance(seconds: 1)
        #expect(publisher.isReadingPaused)
        policy.set { $0.isCongested = false }
        broker.advance(seconds: 0.05)
        #expect(!publisher.isReadingPaused && !other.isReadingPaused)
        // Again, and one that goes meanwhile.
        policy.set { $0.isCongested = true }
        publisher.publish("t", text)
        other.publish("t", text)
        other.cut()
        policy.set { $0.isCongested = false }
        broker.advance(seconds: 0.05)
        #expect(!publisher.isReadingPaused)
        #expect(policy.seen.count == 4)
    }

    @Test("A publisher does not wait for itself")
    func ownOutbox() {
        let broker = TestBroker(limits: limits)
        let client = broker.subscriber("a", "t")
        client.setWritable(false)
        for _ in 0..<20 { client.publish("t", text) }
        #expect(!client.isReadingPaused)
    }

    @Test("A receiver that goes lets its publishers go on")
    func receiverGoes() {
        let broker = TestBroker(limits: limits)
        let slow = broker.subscriber("s", "t")
        let publisher = broker.connect("p")
        slow.setWritable(false)
        publisher.publish("t", text)
        #expect(publisher.isReadingPaused)
        slow.cut()
        #expect(!publisher.isReadingPaused)
    }

    @Test("A receiver that is stuck for too long loses QoS 0 messages, and slows nobody down any more")
    func stalled() {
        let broker = TestBroker(limits: limits)
        let stuck = broker.subscriber("s", "t")
        let publisher = broker.connect("p")
        stuck.setWritable(false)
        for _ in 0..<20 { publisher.publish("t", text) }
        #expect(publisher.isReadingPaused)
        broker.advance(seconds: 6)
        #expect(!publisher.isReadingPaused)
        _ = broker.policy.takeEvents()
        for _ in 0..<50 { publisher.publish("t", text) }
        #expect(!publisher.isReadingPaused)
        #expect(broker.statistics.messagesDropped == 50)
        #expect(broker.policy.takeEvents() == ["dropped s t 1 stalledReceiver"])
        stuck.setWritable(true)
        #expect(stuck.takePublishes().count == 20)
        publisher.publish("t", "again")
        #expect(stuck.takeTexts() == ["again"])
    }

    @Test("A publisher that the broker does not read is not taken for dead")
    func keepsAlive() {
        let broker = TestBroker(limits: limits)
        let stuck = broker.subscriber("s", "t")
        let publisher = broker.connect("p", keepAlive: 2)
        stuck.setWritable(false)
        for _ in 0..<20 { publisher.publish("t", text) }
        #expect(publisher.isReadingPaused)
        broker.advance(seconds: 4)
        #expect(!publisher.isClosed)
        broker.advance(seconds: 5)
        #expect(publisher.isClosed)
    }

    @Test("A receiver that has caught up after a stall slows its publishers down again")
    func catchesUp() {
        let broker = TestBroker(limits: limits)
        let slow = broker.connect("s", [.receiveMaximum(1)])
        slow.subscribe("t", qos: .atLeastOnce)
        let publisher = broker.connect("p", [])
        for round in 0..<2 {
            for number in 1...60 { publisher.publish("t", qos: .atLeastOnce, id: UInt16(round * 100 + number)) }
            #expect(publisher.take().count < 60)
            broker.advance(seconds: 11)
            #expect(!publisher.take().isEmpty)
            var publishes = slow.takePublishes()
            while !publishes.isEmpty {
                for publish in publishes { slow.acknowledge(publish) }
                publishes = slow.takePublishes()
            }
        }
    }

    @Test("QoS 1: acknowledgements wait while a connected receiver's queue is half full, and none is lost")
    func gatesAcknowledgements() {
        let broker = TestBroker(limits: limits)
        let slow = broker.connect("s", [.receiveMaximum(1)])
        slow.subscribe("t", qos: .atLeastOnce)
        let publisher = broker.connect("p")
        var acknowledged = 0
        var sent = 0
        // A client with a window of 10.
        while sent - acknowledged < 10 {
            sent += 1
            publisher.publish("t", "\(sent)", qos: .atLeastOnce, id: UInt16(sent))
            acknowledged += publisher.take().count
            if sent > 1000 { break }
        }
        #expect(sent < 80)
        #expect(!publisher.isReadingPaused)
        var received: [String] = []
        while true {
            let publishes = slow.takePublishes()
            if publishes.isEmpty { break }
            received += publishes.map { String(buffer: $0.payload) }
            for publish in publishes { slow.acknowledge(publish) }
        }
        #expect(received == (1...sent).map(String.init))
        acknowledged += publisher.take().count
        #expect(acknowledged == sent)
        #expect(broker.statistics.messagesDropped == 0)
    }

    @Test("A receiver that acknowledges nothing for too long no longer withholds acknowledgements")
    func stalledQueue() {
        let broker = TestBroker(limits: limits)
        let stuck = broker.connect("s", [.receiveMaximum(1)])
        stuck.subscribe("t", qos: .atLeastOnce)
        let publisher = broker.connect("p")
        for number in 1...60 { publisher.publish("t", qos: .atLeastOnce, id: UInt16(number)) }
        #expect(publisher.take().count < 60)
        broker.advance(seconds: 6)
        #expect(publisher.take().count > 0)
        for number in 61...200 { publisher.publish("t", qos: .atLeastOnce, id: UInt16(number)) }
        #expect(publisher.take().count == 140)
        #expect(broker.statistics.messagesDropped > 0)
    }
}
