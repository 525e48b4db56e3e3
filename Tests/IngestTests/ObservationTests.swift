import EventLog
import GarageDomain
import Ingest
import MQTTBroker
import MQTTCodec
import Testing

@Suite struct ObservationTests {
    @Test func anAcknowledgementLeavesAfterTheEventIsOnDisk() async throws {
        let bench = try IngestBench()
        let before = try await bench.events().count
        #expect(bench.publish("garage/home/sensor/dht1/temperature", "21.5") == .hold(retained: false))
        try await bench.eventually("the acknowledgement is released") { !bench.sink.releases.isEmpty }
        let release = try #require(bench.sink.releases.first)
        #expect(release.code == .success)
        #expect(release.head > Int64(before))
        let reading = try #require(try await bench.events().last)
        #expect(reading.type == "sensor.reading-recorded")
        #expect(reading.stream == "sensor/home.dht1")
        #expect(reading.chain == .telemetry)
        #expect(reading.metadata.actor == "esp1")
        #expect(reading.metadata.channel == "device")
        #expect(reading.metadata.clientID == "esp1")
    }

    @Test func aRepeatedStateIsAcknowledgedButNotRecordedAgain() async throws {
        let bench = try IngestBench()
        for _ in 0..<3 { bench.publish("garage/home/spot/A1/state", "occupied") }
        try await bench.eventually("all three are acknowledged") { bench.sink.releases.count == 3 }
        #expect(try await bench.types() == ["spot.occupied"])
    }

    @Test func oneMessageWithTwoReadingsIsAcknowledgedOnce() async throws {
        let bench = try IngestBench()
        bench.publish("garage/home/sensor/dht1", #"{"temperature":23.4,"humidity":58}"#)
        #expect(try await bench.types() == ["sensor.reading-recorded", "sensor.reading-recorded"])
        try await bench.eventually("the acknowledgement is released") { bench.sink.releases.count == 1 }
    }

    @Test func nonsenseFromASensorIsARecordedFault() async throws {
        let bench = try IngestBench()
        for payload in ["nan", "null", "999", "wet"] { bench.publish("garage/home/sensor/dht1/humidity", payload) }
        let events = try await bench.events().filter { $0.type == "sensor.fault-detected" }
        #expect(events.count == 4)
        #expect(events.allSatisfy { $0.chain == .journal })
    }

    @Test func gateStatesAreKeptRetainedAlthoughTheDeviceDidNotAskForIt() throws {
        let bench = try IngestBench()
        #expect(bench.publish("garage/home/gate/front/state", "open") == .hold(retained: true))
        #expect(bench.publish("garage/home/gate/front/state", "closing", qos: .atMostOnce) == .forwardRetained)
        #expect(bench.publish("garage/home/gate/front/state", "", retain: true) == .forward)
    }

    @Test func whatNothingMapsIsForwardedCountedAndShown() throws {
        let bench = try IngestBench()
        #expect(bench.publish("casa/garagem", "25") == .forward)
        #expect(bench.publish("casa/garagem", "\u{1F697}26") == .forward)
        let topic = try #require(bench.ingest.unmappedTopics().first)
        #expect(topic.topic == "casa/garagem")
        #expect(topic.count == 2)
        #expect(topic.lastPayload == "\u{1F697}26")
        #expect(topic.clientID == "esp1")
    }

    @Test(arguments: ["garage/home/gate/front/actuate", "garage/home/gate/front/command/result", "garage/home/events"])
    func nobodyElsePublishesTheServicesOwnTopics(topic: String) async throws {
        let bench = try IngestBench()
        #expect(bench.publish(topic, "OPEN") == .refuse(.notAuthorized))
        #expect(try await bench.types().isEmpty)
    }

    @Test func aLostConnectionTakesItsDevicesOffline() async throws {
        let bench = try IngestBench()
        let client = ClientContext(clientID: "esp1")
        bench.publish("garage/home/device/esp1/status", "online", from: client)
        bench.ingest.observe(.disconnected(client, cause: .connectionLost))
        // The last will comes after the loss was noticed, and tells nothing new.
        bench.publish("garage/home/device/esp1/status", "offline", isWill: true, from: client)
        let events = try await bench.events()
        #expect(events.map(\.type) == ["device.seen", "device.connected", "device.disconnected"])
        #expect(String(decoding: events[2].data, as: UTF8.self).contains("connection-lost"))
        #expect(events.map(\.metadata.actor) == ["esp1", "esp1", "esp1"])
    }

    @Test func aTakeOverIsNotALostConnection() async throws {
        let bench = try IngestBench()
        let client = ClientContext(clientID: "esp1")
        bench.publish("garage/home/device/esp1/status", "online", from: client)
        bench.ingest.observe(.disconnected(client, cause: .takenOver))
        #expect(try await bench.events().map(\.type) == ["device.seen", "device.connected"])
    }

    @Test func aRestartKnowsTheStateAndMarksDevicesDisconnected() async throws {
        let first = try IngestBench()
        first.publish("garage/home/gate/front/state", "closed")
        _ = try await first.events()
        await first.log.close()
        let second = try IngestBench(folder: first.folder)
        second.publish("garage/home/gate/front/state", "closed")
        second.publish("garage/home/gate/front/state", "opening")
        #expect(try await second.types() == ["gate.closed", "gate.opening"])
        let device = try await second.events().map(\.type).filter { $0.hasPrefix("device.") }
        #expect(device == ["device.seen", "device.connected", "device.disconnected", "device.connected"])
    }
}
