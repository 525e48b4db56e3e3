import GarageDomain
import Testing

@Suite("Devices come and go")
struct DeviceTests {
    let bridge = subject(.device, "bridge")

    @Test func aDeviceIsSeenOnce() {
        var story = Story()
        #expect(story.report(.spot(spotA1, occupied: false)).prefix(2) == [seen("esp1"), online("esp1")])
        story.when(.clientDisconnected("esp1", reason: .connectionLost))
        story.when(.restarted)
        #expect(story.report(.spot(spotA1, occupied: false)) == [online("esp1")])
    }

    @Test func aNameThatIsNoneIsMadeOne() {
        var story = Story()
        story.report(.spot(spotA1, occupied: true), by: "ESP 32/é")
        #expect(story.events.first?.subject == subject(.device, "ESP-32---"))
    }

    @Test func aStatusTopicNamesTheDevice() {
        var story = Story()
        #expect(
            story.report(.deviceStatus(esp1, online: true), by: "mqttjs_1") == [seen("mqttjs_1"), online("mqttjs_1")])
        let decision = story.when(.observed(.spot(spotA1, occupied: true), by: Reporter(clientID: "mqttjs_1")))
        #expect(decision.device == esp1)
        #expect(decision.events.map(\.subject) == [spotA1])
        #expect(story.report(.deviceStatus(esp1, online: true), by: "mqttjs_1") == [])
    }

    @Test func aConfiguredNameComesBeforeAll() {
        var story = Story()
        let reporter = Reporter(clientID: "mqttjs_1", deviceName: Name("opener"))
        let decision = story.when(.observed(.gateState(front, .open), by: reporter))
        #expect(decision.device == subject(.device, "opener"))
        story.when(.clientDisconnected("mqttjs_1", reason: .connectionLost))
        #expect(story.events.last == DomainEvent(subject(.device, "opener"), offline("mqttjs_1", .connectionLost)))
    }

    @Test func aClientThatTellsItsNameLateIsNotTwoDevices() {
        var story = Story()
        story.report(.spot(spotA1, occupied: true), by: "c1")
        story.report(.deviceStatus(esp1, online: true), by: "c1")
        #expect(story.state.devices[subject(.device, "c1")]?.online == false)
        #expect(story.state.devices[esp1]?.online == true)
        #expect(story.report(.spot(spotA1, occupied: true), by: "c1") == [])
    }

    @Test func aClientCanFrontSeveralDevices() {
        var story = Story()
        let esp2 = subject(.device, "esp2")
        story.report(.deviceStatus(esp1, online: true), by: "bridge")
        story.report(.deviceStatus(esp2, online: true), by: "bridge")
        // With two devices behind it, a report of the bridge is neither's.
        let decision = story.when(.observed(.spot(spotA1, occupied: true), by: Reporter(clientID: "bridge")))
        #expect(decision.device == bridge)
        let lost = story.when(.clientDisconnected("bridge", reason: .connectionLost))
        #expect(lost.events.map(\.subject) == [bridge, esp1, esp2])
        #expect(lost.bodies == Array(repeating: offline("bridge", .connectionLost), count: 3))
        let back = story.when(.clientConnected("bridge"))
        #expect(back.bodies == Array(repeating: online("bridge"), count: 3))
        #expect(back.events.map(\.subject) == [bridge, esp1, esp2])
    }

    @Test func whatSaidGoodbyeItselfIsNotBroughtBackByItsClient() {
        var story = Story()
        let esp2 = subject(.device, "esp2")
        story.report(.deviceStatus(esp1, online: true), by: "bridge")
        story.report(.deviceStatus(esp2, online: true), by: "bridge")
        #expect(story.report(.deviceStatus(esp1, online: false), by: "bridge") == [offline("bridge", .left)])
        #expect(story.report(.deviceStatus(esp1, online: false), by: "bridge") == [])
        story.when(.clientDisconnected("bridge", reason: .keepAliveTimeout))
        #expect(story.when(.clientConnected("bridge")).events.map(\.subject) == [esp2])
        #expect(story.report(.deviceStatus(esp1, online: true), by: "bridge") == [online("bridge")])
    }

    @Test func theWillOfALostClientSaysNothingNew() {
        var story = Story()
        story.report(.deviceStatus(esp1, online: true))
        #expect(
            story.when(.clientDisconnected("esp1", reason: .connectionLost)).bodies == [
                offline("esp1", .connectionLost)
            ])
        #expect(story.report(.deviceStatus(esp1, online: false), will: true) == [])
        // A will is no goodbye of its own: the device is back with its client.
        #expect(story.when(.clientConnected("esp1")).bodies == [online("esp1")])
    }

    @Test func aWillThatComesFirstIsTheReason() {
        var story = Story()
        story.report(.deviceStatus(esp1, online: true))
        #expect(story.report(.deviceStatus(esp1, online: false), will: true) == [offline("esp1", .will)])
        #expect(story.when(.clientDisconnected("esp1", reason: .connectionLost)).events == [])
    }

    @Test func aWillDoesNotBringItsSenderOnline() {
        var story = Story()
        #expect(story.report(.gateState(front, .stopped), will: true) == [moved(nil, .stopped)])
        #expect(story.report(.deviceStatus(esp1, online: true), will: true) == [])
        #expect(story.state.devices.isEmpty)
    }

    @Test func aDeviceFirstHeardOfAsGoneIsOffline() {
        var story = Story()
        #expect(story.report(.deviceStatus(esp1, online: false)) == [seen("esp1"), offline("esp1", .left)])
        #expect(story.report(.deviceStatus(esp1, online: false)) == [])
    }

    @Test func aDeviceThatMovedToAnotherClientStaysWhenTheOldOneGoes() {
        var story = Story()
        story.report(.deviceStatus(esp1, online: true), by: "old")
        story.report(.deviceStatus(esp1, online: true), by: "new")
        #expect(story.when(.clientDisconnected("old", reason: .connectionLost)).events == [])
        #expect(
            story.when(.clientDisconnected("new", reason: .connectionLost)).bodies == [offline("new", .connectionLost)])
    }

    @Test func anIdentifierGivenByTheBrokerNamesNoDevice() {
        var story = Story()
        let reporter = Reporter(clientID: "auto-1", hasOwnID: false)
        let decision = story.when(.observed(.spot(spotA1, occupied: true), by: reporter))
        #expect(decision.device == nil)
        #expect(decision.events.map(\.subject) == [spotA1])
        story.when(.observed(.deviceStatus(esp1, online: true), by: reporter))
        #expect(story.when(.observed(.spot(spotA1, occupied: false), by: reporter)).device == esp1)
    }

    @Test func aClientThatOnlyListensIsNoDevice() {
        var story = Story()
        #expect(story.when(.clientConnected("phone")).events == [])
        #expect(story.when(.clientDisconnected("phone", reason: .left)).events == [])
    }

    @Test func afterARestartNobodyIsConnected() {
        var story = Story()
        for client in ["c", "a", "b"] { story.report(.spot(spotA1, occupied: true), by: client) }
        let decision = story.when(.restarted)
        #expect(decision.events.map(\.subject.name.text) == ["a", "b", "c"])
        #expect(decision.bodies == ["a", "b", "c"].map { offline($0, .serviceStopped) })
        #expect(story.when(.restarted).events == [])
    }
}
