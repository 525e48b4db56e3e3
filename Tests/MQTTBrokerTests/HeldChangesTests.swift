import MQTTBroker
import Testing

@Suite("Changes that are held until every shard has its part")
struct HeldChangesTests {
    private let message = StateChange.message(
        DurableMessage(id: 7, topic: Array("t".utf8), properties: [], payload: [1], expiresAt: .max))

    private func delivery(_ session: SessionKey, _ order: Int64) -> StateChange {
        .delivery(
            DurableDelivery(
                session: session, order: order, message: 7, qos: 2, retain: false, identifiers: [], packetID: 0))
    }

    @Test("Parts count from the moment at which their transfer is settled, with what came with that")
    func settled() {
        var held = HeldChanges()
        #expect(
            held.admit([.held(transfer: 1, [message, delivery(1, 1)]), .barrier], shard: 0, number: 4) == [.barrier])
        #expect(held.admit([.held(transfer: 1, [delivery(2, 1)])], shard: 1, number: 9) == [])
        #expect(held.admit([.barrier], shard: 2, number: 1) == [.barrier])
        #expect(held.takeWhole() == [:], "a barrier stands for everything before it")
        let received = StateChange.received(3, packetID: 5)
        let admitted = held.admit([.settled(transfer: 1, 3, packetID: 5)], shard: 0, number: 5)
        #expect(admitted == [message, delivery(1, 1), delivery(2, 1), received])
        #expect(held.takeWhole() == [0: 5, 1: 9, 2: 1])
        #expect(!held.hasBatches)
    }

    @Test("What happens to a held delivery comes after it; what happens to others does not wait")
    func follows() {
        var held = HeldChanges()
        let evicted = StateChange.delivered(1, order: 1)
        let first = held.admit([.held(transfer: 1, [evicted, message, delivery(1, 2)])], shard: 0, number: 1)
        #expect(first == [evicted])
        let changes = [StateChange.sent(1, order: 2, packetID: 3), .delivered(1, order: 2)]
        #expect(held.admit(changes + [.forgotten(1, packetID: 8)], shard: 2, number: 1) == [.forgotten(1, packetID: 8)])
        // One that another transfer pushes out is still only taken away after it has come.
        #expect(held.admit([.held(transfer: 2, [.delivered(1, order: 2)])], shard: 0, number: 2) == [])
        let admitted = held.admit([.settled(transfer: 1, 0, packetID: 0)], shard: 0, number: 3)
        #expect(admitted == [message, delivery(1, 2)] + changes + [.delivered(1, order: 2)])
        #expect(held.takeWhole() == [0: 1, 2: 1])
        #expect(
            held.admit([.settled(transfer: 2, 0, packetID: 0), .delivered(1, order: 2)], shard: 0, number: 4) == [
                .delivered(1, order: 2)
            ])
        #expect(held.takeWhole() == [0: 4])
    }

    @Test("A session that ends takes along what was held for it, and nothing of others")
    func sessionEnds() {
        var held = HeldChanges()
        let both = [message, delivery(1, 1), delivery(2, 1)]
        #expect(held.admit([.held(transfer: 1, both)], shard: 0, number: 1) == [])
        #expect(
            held.admit([.sent(1, order: 1, packetID: 1), .sessionEnded(1)], shard: 0, number: 2) == [.sessionEnded(1)])
        #expect(held.admit([.settled(transfer: 1, 0, packetID: 0)], shard: 0, number: 3) == [message, delivery(2, 1)])
    }

    @Test("A transfer does not overtake an earlier one, whichever shards they came from")
    func order() {
        var held = HeldChanges()
        #expect(held.admit([.held(transfer: 1, [delivery(1, 1)])], shard: 1, number: 1) == [])
        #expect(held.admit([.held(transfer: 2, [delivery(1, 2)])], shard: 1, number: 2) == [])
        #expect(held.admit([.held(transfer: 3, [delivery(2, 1)])], shard: 2, number: 1) == [])
        #expect(held.admit([.settled(transfer: 2, 9, packetID: 2)], shard: 0, number: 1) == [])
        #expect(held.admit([.settled(transfer: 3, 8, packetID: 4)], shard: 1, number: 3) == [])
        #expect(held.takeWhole() == [:])
        let rest = held.admit([.settled(transfer: 1, 9, packetID: 1)], shard: 0, number: 2)
        #expect(
            rest == [
                delivery(1, 1), .received(9, packetID: 1), delivery(1, 2), .received(9, packetID: 2), delivery(2, 1),
                .received(8, packetID: 4),
            ])
        #expect(held.takeWhole() == [0: 2, 1: 3, 2: 1])
    }
}
