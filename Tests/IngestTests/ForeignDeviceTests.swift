import EventLog
import GarageDomain
import Ingest
import Logging
import MQTTBroker
import MQTTCodec
import NIOCore
import Testing

@Suite("Devices with topics of their own, in the pipeline")
struct ForeignDeviceTests {
    private let person = EventMetadata(actor: "ana", channel: "http")

    private func rule(_ id: String, _ topic: String, _ property: String, _ name: String) -> MappingText {
        MappingText(id: id, topic: topic, property: property, name: name)
    }

    @Test func aReportIsStoredBeforeItIsAcknowledged() async throws {
        let bench = try IngestBench()
        #expect(bench.publish("garagem/sensor/temperatura/state", "23.4") == .hold(retained: false))
        #expect(bench.publish("garagem/cover/portao/state", "closed") == .hold(retained: false))
        try await bench.eventually("both are acknowledged") { bench.sink.releases.count == 2 }
        let events = try await bench.events()
        #expect(events.contains { $0.stream == "sensor/home.garagem" && $0.type == "sensor.reading-recorded" })
        #expect(events.contains { $0.stream == "gate/home.garagem-portao" && $0.type == "gate.closed" })
    }

    @Test func aGateIsMovedInItsOwnWords() async throws {
        let bench = try IngestBench()
        bench.publish("/home/garage/MainDoor/status/door", "closed")
        // This firmware ignores commands in the first seconds after it has connected, so none is sent then.
        bench.clock.advance(milliseconds: 12_000)
        bench.publish("garage/home/gate/MainDoor/command", "OPEN")
        try await bench.eventually("the opener is told") {
            bench.sink.messages.contains {
                $0.topic == "/home/garage/MainDoor/command/door" && String(buffer: $0.payload) == "open"
                    && $0.neverQueued && !$0.retain && $0.qos == .atMostOnce
            }
        }
        bench.publish("/home/garage/MainDoor/status/door", "opening")
        bench.publish("/home/garage/MainDoor/status/door", "open")
        try await bench.eventually("the command is completed") {
            try await bench.types().contains("gate.command-completed")
        }
    }

    @Test(arguments: ["cmnd/t1/POWER", "casa/portao/set", "x/command/door", "OG/IN/STATE", "p/rpc"])
    func aRetainedCommandOfAnyFirmwareIsRefused(topic: String) throws {
        let bench = try IngestBench()
        #expect(bench.publish(topic, "OPEN", retain: true) == .refuse(.notAuthorized))
        #expect(bench.publish(topic, "", retain: true) == .refuse(.notAuthorized))
        #expect(bench.publish(topic, "OPEN", isWill: true) == .refuse(.notAuthorized))
        #expect(bench.publish(topic, "OPEN") == .forward)
        #expect(bench.ingest.isVolatile(topic: topic))
    }

    @Test func aRuleIsAnEventAndSurvivesARestart() async throws {
        let bench = try IngestBench(mappings: [rule("fixed", "a/b", "humidity", "h1")])
        bench.publish("shop/x", "21.5")
        #expect(bench.ingest.unmappedTopics().map(\.topic) == ["shop/x"])
        _ = try await bench.ingest.addMapping(rule("r1", "shop/{n}", "temperature", "{n}"), by: person)
        #expect(bench.ingest.unmappedTopics().isEmpty)
        #expect(bench.publish("shop/x", "21.5") == .hold(retained: false))
        #expect(bench.publish("a/b", "50") == .hold(retained: false))
        #expect(bench.ingest.mappings().map(\.rule.id) == ["fixed", "r1"])
        await #expect(throws: MappingDoorError.exists) {
            try await bench.ingest.addMapping(rule("r1", "z", "humidity", "z"), by: person)
        }
        await #expect(throws: MappingDoorError.configured) {
            try await bench.ingest.removeMapping("fixed", by: person)
        }
        await #expect(throws: MappingDoorError.unknown) { try await bench.ingest.removeMapping("none", by: person) }
        await #expect(throws: MappingDoorError.self) {
            try await bench.ingest.addMapping(rule("r2", "#/x", "humidity", "z"), by: person)
        }
        let added = try #require(try await bench.events().first { $0.type == "mapping.added" })
        #expect(added.metadata.actor == "ana")

        let again = try Ingest(
            log: bench.log,
            options: .init(settings: GarageSettings(), clock: { bench.clock.now }, gatekeeper: OpenGate()),
            logger: .init(label: "test"))
        #expect(again.mappings().map(\.rule.id) == ["r1"])
        #expect(again.explain(topic: "shop/y", payload: Array("20".utf8)).reader == "rule r1")
        _ = try await again.removeMapping("r1", by: person)
        #expect(again.explain(topic: "shop/y", payload: Array("20".utf8)).meanings.isEmpty)
    }

    @Test func anExplanationChangesNothing() throws {
        let bench = try IngestBench()
        let config = Array(#"{"stat_t":"no/d5","dev_cla":"occupancy"}"#.utf8)
        _ = bench.ingest.explain(topic: "homeassistant/binary_sensor/no/d5/config", payload: config)
        #expect(bench.ingest.explain(topic: "no/d5", payload: Array("ON".utf8)).reader == nil)
        let native = bench.ingest.explain(topic: "garage/home/spot/A1/state", payload: Array("free".utf8))
        #expect(native == MessageExplanation(reader: "native", meanings: ["spot home.A1: free"], reason: nil))
    }

    @Test func announcementsAreHeardAgainAtTheStart() async throws {
        let bench = try IngestBench()
        bench.ingest.recall([
            (topic: Array("no/d5".utf8), payload: Array("ON".utf8)),
            (
                topic: Array("homeassistant/binary_sensor/no/d5/config".utf8),
                payload: Array(#"{"stat_t":"no/d5","dev_cla":"occupancy"}"#.utf8)
            ),
        ])
        #expect(try await bench.types().isEmpty)
        bench.publish("no/d5", "ON")
        #expect(try await bench.types() == ["spot.occupied"])
    }

    @Test func aWebhookIsStored() async throws {
        let bench = try IngestBench()
        let uplink = #"{"end_device_ids":{"device_id":"vaga-1"},"uplink_message":{"f_port":1,"frm_payload":"AQ=="}}"#
        try await bench.ingest.report(
            topic: "v3/webhook/devices/unnamed/up", payload: Array(uplink.utf8), from: "ttn")
        #expect(try await bench.types() == ["spot.occupied"])
        try await bench.ingest.report(topic: "v3/webhook/devices/unnamed/up", payload: [0x7B], from: "ttn")
        #expect(bench.ingest.unmappedTopics().count == 1)
    }
}
