import GarageDomain
import MQTTBroker
import Testing

@testable import Ingest

@Suite("The topics on which devices report")
struct HeardTopicsTests {
    private func device(_ name: String) throws -> Subject { try #require(Subject(stream: "device/home.\(name)")) }

    private func report(_ topic: String, _ message: UInt64) throws -> ReportTopic {
        try #require(ReportTopic(topic, reader: "native", message: message))
    }

    @Test func eachTopicIsCountedForItsDeviceWithWhoReadsIt() async throws {
        let bench = try IngestBench(mappings: [
            MappingText(id: "porch", topic: "shop/porch", property: "temperature", name: "porch")
        ])
        let before = bench.ingest.deviceTopics().revision
        bench.publish("garage/home/sensor/dht1", #"{"temperature":23.4,"humidity":58}"#)
        bench.publish("shop/porch", "21")
        bench.publish("garagem/cover/portao/state", "closed")
        bench.publish("garagem/cover/portao/state", "closed")
        bench.publish("garage/home/spot/A1/state", "free", from: ClientContext(clientID: "esp2"))
        let topics = bench.ingest.deviceTopics()
        let first = Set(topics.of(try device("esp1")).map { "\($0.topic) \($0.reader) \($0.count)" })
        #expect(
            first == [
                "garage/home/sensor/dht1 native 1", "shop/porch rule porch 1", "garagem/cover/portao/state esphome 2",
            ])
        #expect(topics.of(try device("esp2")).map(\.topic) == ["garage/home/spot/A1/state"])
        #expect(topics.revision == before + 5)
    }

    @Test func whatNobodyReadsIsNoDevicesTopic() throws {
        let bench = try IngestBench()
        bench.publish("casa/garagem", "25")
        bench.publish("garage/home/gate/front/command", "OPEN")
        let nameless = ClientContext(clientID: "auto-1", hasAssignedID: true)
        bench.publish("garage/home/sensor/dht1/temperature", "25", from: nameless)
        #expect(bench.ingest.deviceTopics().of(try device("auto-1")).isEmpty)
        #expect(bench.ingest.deviceTopics().of(try device("esp1")).isEmpty)
    }

    @Test func aClientThatSaysItsNameIsThatDevice() throws {
        let bench = try IngestBench()
        bench.publish("garage/home/device/meter/status", "online")
        bench.publish("garage/home/sensor/dht1/humidity", "58")
        #expect(bench.ingest.deviceTopics().of(try device("meter")).count == 2)
    }

    @Test func aDeviceWithTooManyTopicsLosesTheOneSilentLongest() throws {
        var heard = HeardTopics(start: Timestamp(microseconds: 0), capacityEach: 2)
        for (message, topic) in ["a", "b", "a", "c"].enumerated() {
            heard.note(
                try report(topic, UInt64(message)), of: try device("d"), at: Timestamp(microseconds: Int64(message)))
        }
        #expect(heard.all.of(try device("d")).map(\.topic) == ["c", "a"])
        #expect(heard.all.of(try device("d")).map(\.count) == [1, 2])
    }

    @Test func tooManyTopicsInAllMakeRoomForNewOnes() throws {
        var heard = HeardTopics(start: Timestamp(microseconds: 0), capacity: 16)
        for number in 0..<100 {
            let time = Timestamp(microseconds: Int64(number))
            heard.note(try report("t", UInt64(number)), of: try device("d\(number)"), at: time)
        }
        let kept = try (0..<100).filter { !heard.all.of(try device("d\($0)")).isEmpty }
        #expect((14...16).contains(kept.count))
        #expect(kept == Array((100 - kept.count)..<100))
    }

    @Test func aTopicTooLongForADeviceIsNotKept() {
        #expect(ReportTopic(String(repeating: "x", count: 513), reader: "generic", message: 1) == nil)
    }
}
