import DeviceProfiles
import GarageDomain
import Testing

@Suite("Home Assistant's discovery, published")
struct DiscoveryAnnouncementTests {
    private func text(_ subject: Subject, _ quantities: [Quantity] = []) throws -> String {
        let message = try #require(
            DiscoveryAnnouncement.message(
                for: subject, quantities: quantities, prefix: "homeassistant", version: "1.0"))
        return String(decoding: message.payload, as: UTF8.self)
    }

    @Test func aGate() throws {
        let front = subject(.gate, "front")
        #expect(
            DiscoveryAnnouncement.topic(for: front, prefix: "ha") == "ha/device/garage_home_gate_front/config")
        let text = try text(front)
        for part in [
            #""o":{"name":"garage","sw":"1.0"}"#, #""p":"cover""#, #""cmd_t":"garage/home/gate/front/command""#,
            #""stat_t":"garage/home/published/gate/front/state""#, #""ret":false"#, #""dev_cla":"gate""#,
            #""avty":[{"t":"garage/home/availability"},{"t":"garage/home/published/gate/front/availability"}]"#,
            #""avty_mode":"all""#, #""uniq_id":"garage_home_gate_front""#,
        ] { #expect(text.contains(part), "\(part) in \(text)") }
    }

    @Test func aSensorHasAComponentForEachQuantity() throws {
        let text = try text(subject(.sensor, "dht1"), [.temperature, .humidity])
        for part in [
            #""dev_cla":"temperature","unit_of_meas":"°C","stat_cla":"measurement""#,
            #""dev_cla":"humidity","unit_of_meas":"%""#, #""stat_t":"garage/home/published/sensor/dht1/humidity""#,
        ] { #expect(text.contains(part), "\(part) in \(text)") }
        #expect(
            DiscoveryAnnouncement.message(for: subject(.sensor, "x"), prefix: "h", version: "1") == nil)
        #expect(DiscoveryAnnouncement.message(for: subject(.device, "x"), prefix: "h", version: "1") == nil)
    }

    /// What we announce is what our own consumer understands, which follows Home Assistant's schema.
    @Test func ourConsumerUnderstandsIt() throws {
        var devices = ForeignDevices()
        for thing in [subject(.gate, "front"), subject(.spot, "A1")] {
            let message = try #require(
                DiscoveryAnnouncement.message(for: thing, prefix: "homeassistant", version: "1"))
            #expect(devices.read(DeviceMessage(topic: message.topic, payload: message.payload)).reader == "discovery")
        }
        #expect(
            devices.read("garage/home/published/gate/front/state", "opening")
                == .observations([gate("garage-home-published-gate-front", .opening)]))
        #expect(
            devices.read("garage/home/published/spot/A1/state", "occupied")
                == .observations([spot("garage-home-published-spot-A1", true)]))
        #expect(devices.read("garage/home/availability", "online") != .unmapped)
    }

    @Test func nobodyElsePublishesThere() {
        for topic in ["garage/home/availability", "garage/home/published/gate/front/state"] {
            #expect(Profiles.standard.interpret(topic: topic, payload: [0x31]) == .ours)
        }
    }

    @Test func onlyWhatChangesIsPublished() {
        var retained = RetainedSet()
        #expect(retained.update(to: ["b": [1], "a": [1]]).map(\.topic) == ["a", "b"])
        #expect(retained.update(to: ["b": [1], "a": [1]]).isEmpty)
        #expect(
            retained.update(to: ["b": [2]]) == [
                OutgoingMessage(topic: "a", payload: []), OutgoingMessage(topic: "b", payload: [2]),
            ])
        retained.forget()
        #expect(retained.update(to: ["b": [2]]) == [OutgoingMessage(topic: "b", payload: [2])])
        retained.forget("b")
        retained.forget("never published")
        #expect(retained.update(to: ["b": [2]]) == [OutgoingMessage(topic: "b", payload: [2])])
        #expect(retained.update(to: [:]) == [OutgoingMessage(topic: "b", payload: [])])
    }

    @Test func whatWasKeptBeforeIsTakenBack() {
        var retained = RetainedSet(kept: ["a": [1], "b": [1]])
        #expect(retained.update(to: ["b": [1]]) == [OutgoingMessage(topic: "a", payload: [])])
    }

    @Test func weKnowOurOwnMessagesAgain() throws {
        let message = try #require(
            DiscoveryAnnouncement.message(for: subject(.spot, "A1"), prefix: "casa/ha", version: "2.0-beta"))
        #expect(DiscoveryAnnouncement.isOurs(topic: message.topic, payload: message.payload))
        #expect(!DiscoveryAnnouncement.isOurs(topic: message.topic, payload: Array(#"{"o":{"name":"esphome"}}"#.utf8)))
        #expect(!DiscoveryAnnouncement.isOurs(topic: "ha/device/other/config", payload: message.payload))
        for (topic, isOurs) in [
            ("garage/home/availability", true), ("garage/home/published/spot/A1/state", true),
            (DiscoveryAnnouncement.availabilityTopic(ofGate: subject(.gate, "front")), true),
            ("garage/home/gate/front/state", false), ("garage/home/occupancy", false), ("config", false),
        ] { #expect(DiscoveryAnnouncement.isOurs(topic: topic, payload: [0x31]) == isOurs, "\(topic)") }
    }
}
