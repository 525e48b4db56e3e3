import MQTTBroker
import MQTTCodec
import NIOCore
import StoreModel
import Testing

/// Clients that come back on another shard before the last move of their session is over, with mail held back between
/// the shards and let go in a chosen order.
@Suite("Sessions that move while they move")
struct MovingSessionTests {
    private let persistent: Properties = [.sessionExpiryInterval(1000)]

    /// Topics whose share groups have their homes on different shards.
    @Test("A member whose session ends on its way leaves its groups", arguments: 0..<6)
    func memberEndsOnTheWay(topic: Int) {
        let broker = TestBroker(shards: 3)
        broker.connect("a", clean: false, shard: 0, persistent).subscribe("$share/g/t\(topic)", qos: .atLeastOnce)
        broker.holdsMail = true
        _ = broker.connect("a", clean: false, shard: 1, persistent)
        _ = broker.connect("a", clean: true, shard: 2)
        broker.deliverMail(to: 1)
        broker.deliverMail(to: 0)
        #expect(broker.settleMail())
        for shard in 0..<3 {
            broker.connect("p\(shard)", shard: shard).publish("t\(topic)", qos: .atLeastOnce, id: 1)
            #expect(broker.settleMail(), "published on shard \(shard)")
        }
        broker.holdsMail = false
        let other = broker.subscriber("b", "$share/g/t\(topic)", shard: 1)
        broker.connect("p", shard: 0).publish("t\(topic)", "x", qos: .atLeastOnce, id: 1)
        #expect(other.takeTexts() == ["x"])
        #expect(broker.statistics.subscriptions == 1)
    }

    @Test("A member that comes back before its old self is cleared away stays in its groups", arguments: 0..<6)
    func memberComesBack(topic: Int) {
        let broker = TestBroker(shards: 3)
        broker.connect("a", clean: false, shard: 0, persistent).subscribe("$share/g/t\(topic)", qos: .atLeastOnce)
        broker.holdsMail = true
        _ = broker.connect("a", clean: false, shard: 1, persistent)
        let back = broker.connect("a", clean: false, shard: 0, persistent)
        for shard in [1, 0, 1, 0, 0] { broker.deliverMail(to: shard) }
        #expect(broker.settleMail())
        broker.holdsMail = false
        back.takeConnack()
        broker.connect("p", shard: 2).publish("t\(topic)", "x", qos: .atLeastOnce, id: 1)
        #expect(back.takeTexts() == ["x"])
        #expect(broker.statistics.subscriptions == 1)
        // Gone for good, and so is the filter.
        broker.connect("a", clean: true, shard: 0).subscribe("other", qos: .atLeastOnce)
        broker.connect("p", shard: 2).publish("t\(topic)", "y", qos: .atLeastOnce, id: 2)
        #expect(broker.statistics.subscriptions == 1)
    }

    @Test("A message of a group waits for a member on its way, and reaches it once", arguments: 0..<6)
    func memberOnTheWay(topic: Int) {
        let broker = TestBroker(shards: 3)
        broker.connect("a", clean: false, shard: 0, persistent).subscribe("$share/g/t\(topic)", qos: .atLeastOnce)
        broker.holdsMail = true
        let moved = broker.connect("a", clean: false, shard: 1, persistent)
        broker.deliverMail(to: 0)
        for shard in 0..<3 {
            broker.connect("p\(shard)", shard: shard).publish("t\(topic)", "\(shard)", qos: .atLeastOnce, id: 1)
        }
        // The old shard and the homes work, and the new one does not.
        for _ in 0..<5 {
            broker.deliverMail(to: 0)
            broker.deliverMail(to: 2)
        }
        #expect(broker.settleMail())
        moved.takeConnack()
        #expect(moved.takeTexts().sorted() == ["0", "1", "2"])
    }

    @Test("An ended session that a third shard waits for does not make the first forget its newer claim")
    func endsWhileClaimedAnew() {
        let broker = TestBroker(shards: 3)
        broker.connect("a", clean: false, shard: 0, persistent).subscribe("t", qos: .atLeastOnce)
        broker.holdsMail = true
        // It comes to shard 1, and is asked for by shard 2 before its move is over.
        let short = broker.connect("a", clean: false, shard: 1, [])
        broker.deliverMail(to: 0)
        broker.deliverMail(to: 1)
        _ = broker.connect("a", clean: false, shard: 2, persistent)
        broker.deliverMail(to: 1)
        // Shard 1 claims it again, while the session that it still has ends with its connection.
        let back = broker.connect("a", clean: false, shard: 1, persistent)
        short.cut()
        // Nobody may take the client for one without a session now.
        let last = broker.connect("a", clean: false, shard: 0, persistent)
        #expect(last.connack == nil)
        #expect(broker.settleMail())
        last.takeConnack()
        #expect(back.isClosed && !last.isClosed)
        #expect(broker.statistics.sessions == 1)
    }

    @Test("A connection that starts anew ends the session, though others take its place before it arrives")
    func startsAnewOnTheWay() {
        let broker = TestBroker(shards: 3)
        broker.connect("a", clean: false, shard: 0, persistent).subscribe("t", qos: .atLeastOnce)
        broker.holdsMail = true
        _ = broker.connect("a", clean: false, shard: 1, persistent)
        _ = broker.connect("a", clean: true, shard: 1, persistent)
        let third = broker.connect("a", clean: false, shard: 1, persistent)
        #expect(broker.settleMail())
        third.takeConnack()
        #expect(third.connack?.sessionPresent == false)
        third.subscribe("t", qos: .atLeastOnce)
        _ = broker.connect("a", clean: false, shard: 2, persistent)
        _ = broker.connect("a", clean: true, shard: 2, persistent)
        let last = broker.connect("a", clean: false, shard: 0, persistent)
        broker.deliverMail(to: 2)
        #expect(broker.settleMail())
        last.takeConnack()
        #expect(last.connack?.sessionPresent == false)
        #expect(broker.statistics.sessions == 1 && broker.statistics.subscriptions == 0)
    }

    @Test("The host's word finds a session that is still on its way through another shard")
    func releasedOnTheWay() {
        let broker = TestBroker(shards: 3)
        broker.policy.set { $0.verdict = { _ in .hold(retained: false) } }
        broker.connect("a", clean: false, shard: 0, persistent).publish("t", qos: .exactlyOnce, id: 7)
        broker.holdsMail = true
        _ = broker.connect("a", clean: false, shard: 1, persistent)
        let last = broker.connect("a", clean: false, shard: 2, persistent)
        broker.deliverMail(to: 1)
        broker.deliverMail(to: 0)
        for seen in broker.policy.seen { broker.release(seen.ticket) }
        // The word comes to the last shard before the session does.
        broker.deliverMail(to: 2)
        #expect(broker.settleMail())
        last.takeConnack()
        last.publish("t", qos: .exactlyOnce, dup: true, id: 7)
        #expect(last.take() == [.pubrec(Acknowledgement(packetID: 7))])
    }

    @Test("A QoS 2 publish that other shards have not stored when its session moves is stored as received later")
    func storedAfterTheMove() {
        let broker = TestBroker(shards: 2, store: MemoryStore())
        let subscriber = broker.connect("s", clean: false, shard: 1, persistent)
        subscriber.subscribe("t")
        broker.commit()
        let publisher = broker.connect("p", clean: false, shard: 0, persistent)
        broker.commit()
        broker.holdsMail = true
        publisher.publish("t", "x", qos: .exactlyOnce, id: 5)
        let moved = broker.connect("p", clean: false, shard: 1, persistent)
        broker.deliverMail(to: 1)
        broker.holdsMail = false
        broker.pump()
        #expect(received(broker).isEmpty, "known as received before it is stored")
        broker.commit()
        broker.commit()
        #expect(received(broker) == [5])
        moved.takeConnack()
        moved.publish("t", "x", qos: .exactlyOnce, dup: true, id: 5)
        #expect(moved.take().last == .pubrec(Acknowledgement(packetID: 5)))
        #expect(subscriber.takeTexts() == ["x"])
    }

    /// The packet identifiers of QoS 2 publishes that the store has as received.
    private func received(_ broker: TestBroker) -> [UInt16] {
        broker.store?.committed.state.sessions.flatMap(\.received).sorted() ?? []
    }

    @Test("A client that starts anew elsewhere hears of it when the store has forgotten the old session")
    func forgottenBeforeConnack() {
        let broker = TestBroker(shards: 2, store: MemoryStore())
        broker.connect("a", clean: false, shard: 0, persistent).subscribe("t")
        broker.commit()
        let anew = broker.connect("a", clean: true, shard: 1)
        anew.takeConnack()
        #expect(anew.connack == nil)
        #expect(broker.store?.committed.state.sessions.count == 1)
        broker.commit()
        anew.takeConnack()
        #expect(anew.connack?.sessionPresent == false)
        #expect(broker.store?.committed.state.sessions.isEmpty == true)
    }
}
