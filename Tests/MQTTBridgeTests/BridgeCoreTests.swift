import MQTTCodec
import NIOCore
import Testing

@testable import MQTTBridge

@Suite("A bridge, decision by decision")
struct BridgeCoreTests {
    /// Virtual time: seconds since the start.
    static func at(_ seconds: Double) -> NIODeadline { .uptimeNanoseconds(UInt64(1_000_000_000 * (seconds + 1))) }

    static func core(
        _ routes: BridgeRoute?..., version: ProtocolVersion = .v5, seed: UInt64 = 1
    ) -> BridgeCore {
        var settings = BridgeSettings(name: "b", host: "there", port: 1883, clientID: "here")
        settings.version = version
        settings.shortestPause = 1
        settings.longestPause = 8
        settings.routes = routes.compactMap(\.self)
        return BridgeCore(settings: settings, identity: "me", generator: Seeded(state: seed)) {
            $0.hasSuffix("/command")
        }
    }

    /// A bridge that is up, everything that it wanted on the way done.
    static func up(
        _ routes: BridgeRoute?..., version: ProtocolVersion = .v5, at time: NIODeadline = at(0)
    ) -> BridgeCore {
        var settings = BridgeSettings(name: "b", host: "there", port: 1883, clientID: "here")
        settings.version = version
        settings.routes = routes.compactMap(\.self)
        var core = BridgeCore(settings: settings, identity: "me", generator: Seeded(state: 1)) {
            $0.hasSuffix("/command")
        }
        core.start()
        core.connected(time)
        core.attached(time)
        _ = core.takeEffects()
        return core
    }

    static func message(
        _ topic: String, _ text: String = "x", qos: QoS = .atLeastOnce, id: UInt16? = nil, dup: Bool = false,
        retain: Bool = false, properties: Properties = Properties()
    ) -> Publish {
        Publish(
            topic: topic, payload: ByteBuffer(string: text), qos: qos, retain: retain, dup: dup, packetID: id,
            properties: properties)
    }

    static func sends(_ effects: [BridgeCore.Effect]) -> [(publish: Publish, id: UInt64)] {
        effects.compactMap { if case .send(let publish, let id) = $0 { (publish, id) } else { nil } }
    }

    static func publishes(_ effects: [BridgeCore.Effect]) -> [(publish: Publish, id: UInt64)] {
        effects.compactMap { if case .publish(let publish, let id) = $0 { (publish, id) } else { nil } }
    }

    @Test func itAttachesOnlyWhenTheOtherBrokerIsThere() {
        var core = Self.core(BridgeRoute(pattern: "a/#"))
        core.start()
        #expect(core.takeEffects() == [.connect(asBridge: false)])
        core.connected(Self.at(0))
        #expect(core.takeEffects() == [.attach])
        core.attached(Self.at(0))
        #expect(core.takeEffects() == [.changed(isConnected: true, problem: nil)])
        core.lost("gone", Self.at(1))
        #expect(core.takeEffects() == [.disconnect, .changed(isConnected: false, problem: "gone")])
    }

    @Test func pausesGrowToTheirBoundWithARandomPart() {
        for seed in UInt64(1)...50 {
            var core = Self.core(seed: seed)
            core.start()
            var now = Self.at(0)
            var pauses: [Double] = []
            for _ in 0..<8 {
                core.lost("refused", now)
                guard let deadline = core.deadline else { return #expect(Bool(false), "seed \(seed)") }
                pauses.append(Double((deadline - now).nanoseconds) / 1e9)
                core.tick(deadline - .nanoseconds(1))
                #expect(core.deadline == deadline)
                now = deadline
                core.tick(now)
                #expect(core.deadline == nil, "seed \(seed)")
            }
            for (index, pause) in pauses.enumerated() {
                let whole = min(8, Double(1 << index))
                #expect((whole / 2)...whole ~= pause, "seed \(seed), pause \(index + 1) of \(pauses)")
            }
        }
    }

    @Test func aProvenConnectionStartsThePausesAnew() {
        var core = Self.core()
        core.start()
        for _ in 0..<5 {
            core.lost("refused", Self.at(0))
            core.tick(core.deadline ?? Self.at(0))
        }
        core.connected(Self.at(100))
        core.attached(Self.at(100))
        core.lost("gone", Self.at(111))
        #expect((core.deadline ?? .distantFuture) - Self.at(111) <= .seconds(1))
    }

    @Test func theSameProblemIsToldOnce() {
        var core = Self.core()
        core.start()
        core.lost("refused", Self.at(0))
        #expect(core.takeEffects().contains(.failed(problem: "refused")))
        core.tick(core.deadline ?? Self.at(0))
        core.lost("refused", Self.at(20))
        #expect(!core.takeEffects().contains(.failed(problem: "refused")))
    }

    @Test func messagesGoOutUnderTheirOtherNameAndAreAcknowledgedInOrder() {
        var core = Self.up(BridgeRoute(pattern: "a/#", localPrefix: "home/", remotePrefix: "site/1/"))
        core.takeOut(Self.message("home/a/1", id: 7), Self.at(1))
        core.takeOut(Self.message("home/a/2", id: 8), Self.at(1))
        let sent = Self.sends(core.takeEffects())
        #expect(sent.map(\.publish.topic) == ["site/1/a/1", "site/1/a/2"])
        core.sent(sent[1].id, .done, topic: "")
        #expect(core.takeEffects() == [])
        core.sent(sent[0].id, .done, topic: "")
        #expect(core.takeEffects() == [.acknowledgeHere(7), .acknowledgeHere(8)])
        #expect(core.status.sent == 2)
    }

    @Test func nothingIsAcknowledgedThatTheOtherBrokerDidNotTake() {
        var core = Self.up(BridgeRoute(pattern: "a/#"))
        core.takeOut(Self.message("a/1", id: 7), Self.at(1))
        let sent = Self.sends(core.takeEffects())
        core.lost("gone", Self.at(2))
        core.sent(sent[0].id, .done, topic: "")
        #expect(!core.takeEffects().contains(.acknowledgeHere(7)))
    }

    @Test func aMessageThatIsRefusedForGoodIsCountedAndLetGo() {
        var core = Self.up(BridgeRoute(pattern: "a/#"))
        core.takeOut(Self.message("a/1", id: 7), Self.at(1))
        let sent = Self.sends(core.takeEffects())
        core.sent(sent[0].id, .refused("not authorized"), topic: "a/1")
        #expect(
            core.takeEffects() == [
                .dropped(topic: "a/1", .refusedThere, detail: "not authorized"), .acknowledgeHere(7),
            ])
        #expect(core.status.dropped == [.refusedThere: 1])
    }

    @Test func whatComesInIsAcknowledgedWhenThisBrokerHasIt() {
        var core = Self.up(BridgeRoute(pattern: "b", direction: .in, localPrefix: "l/", remotePrefix: "r/"))
        core.takeIn(Self.message("r/b", retain: true), 3, Self.at(1))
        let published = Self.publishes(core.takeEffects())
        #expect(published.map(\.publish.topic) == ["l/b"])
        #expect(published.map(\.publish.retain) == [true])
        core.published(published[0].id, .success, topic: "l/b")
        #expect(core.takeEffects() == [.acknowledgeThere(3)])
        core.takeIn(Self.message("r/b"), 4, Self.at(1))
        core.published(Self.publishes(core.takeEffects())[0].id, .notAuthorized, topic: "l/b")
        #expect(core.takeEffects().last == .acknowledgeThere(4))
        #expect(core.status.dropped[.refusedHere] == 1)
    }

    @Test func whatComesBeforeTheSessionIsAttachedWaits() {
        var core = Self.core(BridgeRoute(pattern: "b", direction: .in))
        core.start()
        core.takeIn(Self.message("b", "early"), 1, Self.at(0))
        core.connected(Self.at(0))
        core.takeIn(Self.message("b", "later"), 2, Self.at(0))
        #expect(Self.publishes(core.takeEffects()).isEmpty)
        core.attached(Self.at(0))
        #expect(Self.publishes(core.takeEffects()).map { String(buffer: $0.publish.payload) } == ["early", "later"])
    }

    @Test func aMessageThatHasBeenHereIsDropped() {
        var core = Self.up(BridgeRoute(pattern: "#", direction: .both))
        core.takeOut(Self.message("a", id: 1), Self.at(1))
        let marked = Self.sends(core.takeEffects())[0].publish
        #expect(marked.properties.userProperties == [UserProperty(name: "bridge-path", value: "me")])
        core.takeIn(Self.message("a", properties: marked.properties), 9, Self.at(1))
        #expect(
            core.takeEffects() == [.dropped(topic: "a", .loop, detail: nil), .acknowledgeThere(9)])
        let others = Properties(list: [.userProperty(UserProperty(name: "bridge-path", value: "you"))])
        core.takeIn(Self.message("a", properties: others), 10, Self.at(1))
        #expect(Self.publishes(core.takeEffects()).count == 1)
    }

    @Test func withoutABridgeBitAnEchoIsDroppedOnce() {
        var core = Self.core(BridgeRoute(pattern: "#", direction: .both), version: .v3_1_1)
        core.start()
        #expect(core.takeEffects() == [.connect(asBridge: true)])
        core.bridgeBitRefused(isCertain: true)
        #expect(core.takeEffects() == [.connect(asBridge: false)])
        core.connected(Self.at(0))
        core.attached(Self.at(0))
        core.takeOut(Self.message("a", "1", id: 1), Self.at(1))
        #expect(Self.sends(core.takeEffects())[0].publish.properties.isEmpty)
        core.takeIn(Self.message("a", "1"), 2, Self.at(1.1))
        #expect(core.status.dropped == [.loop: 1])
        core.takeIn(Self.message("a", "1"), 3, Self.at(1.2))
        core.takeIn(Self.message("a", "2"), 4, Self.at(1.3))
        #expect(Self.publishes(core.takeEffects()).count == 2)
        core.takeOut(Self.message("a", "3", id: 2), Self.at(2))
        core.takeIn(Self.message("a", "3"), 5, Self.at(20))
        #expect(core.status.dropped == [.loop: 1])
    }

    @Test func aBridgeBitThatMayHaveBeenRefusedIsTriedAgain() {
        var core = Self.core(version: .v3_1_1)
        core.start()
        core.bridgeBitRefused(isCertain: false)
        core.lost("no network", Self.at(0))
        _ = core.takeEffects()
        core.tick(core.deadline ?? Self.at(0))
        #expect(core.takeEffects() == [.connect(asBridge: true)])
    }

    @Test func commandsThatMayHaveWaitedThereAreNotObeyed() {
        var core = Self.up(BridgeRoute(pattern: "g/#", direction: .in))
        core.takeIn(Self.message("g/command"), 1, Self.at(4.9))
        #expect(core.status.dropped == [.staleCommand: 1])
        core.takeIn(Self.message("g/command"), 2, Self.at(6))
        #expect(Self.publishes(core.takeEffects()).count == 1)
        core.takeIn(Self.message("g/command", dup: true), 3, Self.at(7))
        #expect(core.status.dropped == [.staleCommand: 2])
    }

    @Test func aLongBacklogKeepsCommandsOut() {
        var core = Self.up(BridgeRoute(pattern: "g/#", direction: .in))
        for index in 0..<200 { core.takeIn(Self.message("g/state"), UInt16(index + 1), Self.at(Double(index) * 0.05)) }
        core.takeIn(Self.message("g/command"), 300, Self.at(10.01))
        #expect(core.status.dropped == [.staleCommand: 1])
        core.takeIn(Self.message("g/command"), 301, Self.at(12))
        #expect(core.status.dropped == [.staleCommand: 1])
    }

    @Test func topicsThatNoRouteIsForAreLetGo() {
        var core = Self.up(BridgeRoute(pattern: "a", direction: .out), BridgeRoute(pattern: "b", direction: .in))
        core.takeIn(Self.message("a"), 1, Self.at(1))
        core.takeOut(Self.message("b", id: 2), Self.at(1))
        #expect(core.status.dropped == [.noRoute: 2])
        let effects = core.takeEffects()
        #expect(effects.contains(.acknowledgeThere(1)))
        #expect(effects.contains(.acknowledgeHere(2)))
    }

    /// Whatever happens in whatever order: a message is acknowledged to its sender only after its receiver has it, and in
    /// the sender's order.
    @Test(arguments: UInt64(1)...200) func anyOrderOfEvents(seed: UInt64) {
        var random = Seeded(state: seed)
        var core = Self.core(BridgeRoute(pattern: "#", direction: .both), seed: seed)
        core.start()
        var now = Self.at(0)
        var lastPacketID: UInt16 = 0
        var unsent: [(id: UInt64, packetID: UInt16, generation: UInt64)] = []
        var taken: Set<UInt16> = []
        var acknowledged: [UInt16] = []
        var packetIDs: [UInt64: UInt16] = [:]
        for _ in 0..<300 {
            now = now + .milliseconds(.random(in: 0...500, using: &random))
            switch Int.random(in: 0..<10, using: &random) {
            case 0: core.connected(now)
            case 1: core.attached(now)
            case 2:
                if Int.random(in: 0..<5, using: &random) == 0 {
                    core.lost("gone", now)
                    unsent = []
                }
            case 3: core.tick(now + .seconds(9))
            case 4...7:
                lastPacketID &+= 1
                core.takeOut(Self.message("t", id: lastPacketID), now)
            default:
                guard let index = unsent.indices.randomElement(using: &random) else { break }
                let one = unsent.remove(at: index)
                taken.insert(one.packetID)
                core.sent(one.id, .done, topic: "t")
            }
            for effect in core.takeEffects() {
                switch effect {
                case .send(_, let id):
                    packetIDs[id] = lastPacketID
                    unsent.append((id, lastPacketID, core.generation))
                case .acknowledgeHere(let packetID):
                    #expect(taken.contains(packetID), "seed \(seed)")
                    #expect(acknowledged.last ?? 0 < packetID, "seed \(seed)")
                    acknowledged.append(packetID)
                default: break
                }
            }
        }
    }
}

/// A generator whose numbers follow from its seed (SplitMix64).
struct Seeded: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
