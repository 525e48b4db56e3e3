import EventLog
import GarageDomain
import MQTTBroker
import MQTTCodec
import Testing

@testable import Ingest

/// MQTT 5.0 section 4.4: a client that saw no acknowledgement sends the publish again with the DUP flag.
@Suite struct ResendTests {
    private static let temperature = "garage/home/sensor/dht1/temperature"

    private func readings(_ bench: IngestBench) async throws -> [RecordedEvent] {
        try await bench.events().filter { $0.type == "sensor.reading-recorded" }
    }

    @Test(arguments: [1, 2] as [UInt8])
    func aResendIsOneEventWithTheFirstAndIsAcknowledged(qos: UInt8) async throws {
        let bench = try IngestBench()
        let qos = try #require(QoS(rawValue: qos))
        bench.publish(Self.temperature, "21.5", qos: qos, packetID: 7)
        bench.clock.advance(milliseconds: 5000)
        bench.publish(Self.temperature, "21.5", qos: qos, packetID: 7, duplicate: true)
        try await bench.eventually("both are acknowledged") { bench.sink.releases.count == 2 }
        #expect(try await readings(bench).count == 1)
    }

    @Test func aMessageWithTwoReadingsIsRecognisedAsAWhole() async throws {
        let bench = try IngestBench()
        for duplicate in [false, true] {
            bench.publish(
                "garage/home/sensor/dht1", #"{"temperature":23.4,"humidity":58}"#, duplicate: duplicate)
        }
        try await bench.eventually("both are acknowledged") { bench.sink.releases.count == 2 }
        let ids = try await readings(bench).map(\.id)
        #expect(Set(ids).count == 2 && ids.count == 2)
    }

    @Test func anIdentifierThatIsUsedAnewIsAnotherEvent() async throws {
        let bench = try IngestBench()
        // The clock stands still: not even the same millisecond makes two of them one.
        for _ in 0..<3 { bench.publish(Self.temperature, "21.5", packetID: 7) }
        let ids = try await readings(bench).map(\.id)
        #expect(ids.count == 3 && Set(ids).count == 3)
    }

    @Test(arguments: [("21.6", 7, "esp1"), ("21.5", 8, "esp1"), ("21.5", 7, "esp2")] as [(String, UInt16, String)])
    func anotherPayloadIdentifierOrClientIsAnotherEvent(payload: String, packetID: UInt16, client: String) async throws
    {
        let bench = try IngestBench()
        bench.publish(Self.temperature, "21.5", packetID: 7)
        bench.publish(
            Self.temperature, payload, packetID: packetID, duplicate: true, from: ClientContext(clientID: client))
        #expect(try await readings(bench).count == 2)
    }

    @Test func aResendOfAnIdentifierUsedSinceIsAnotherEvent() async throws {
        let bench = try IngestBench()
        bench.publish(Self.temperature, "21.5", packetID: 7)
        bench.publish(Self.temperature, "22", packetID: 7)
        bench.publish(Self.temperature, "21.5", packetID: 7, duplicate: true)
        #expect(try await readings(bench).count == 3)
    }

    @Test func aNewSessionKnowsNothingOfTheOneBefore() async throws {
        let bench = try IngestBench()
        let client = ClientContext(clientID: "esp1")
        bench.publish(Self.temperature, "21.5", packetID: 7, from: client)
        bench.ingest.sessionBegan(client)
        bench.publish(Self.temperature, "21.5", packetID: 7, duplicate: true, from: client)
        #expect(try await readings(bench).count == 2)
    }

    @Test func aRestartRecognisesWhatTheLogHas() async throws {
        let first = try IngestBench()
        first.publish(Self.temperature, "21.5", packetID: 40_000)
        first.publish(Self.temperature, "21.6", packetID: 40_001)
        let before = try await readings(first).map(\.id)
        await first.log.close()
        let second = try IngestBench(folder: first.folder)
        second.clock.advance(milliseconds: 60_000)
        second.publish(Self.temperature, "21.5", packetID: 40_000, duplicate: true)
        second.publish(Self.temperature, "21.6", packetID: 40_001, duplicate: true)
        second.publish(Self.temperature, "21.7", packetID: 40_002, duplicate: true)
        try await second.eventually("all are acknowledged") { second.sink.releases.count == 3 }
        let after = try await readings(second).map(\.id)
        #expect(Array(after.prefix(2)) == before && after.count == 3)
    }

    @Test func statesThatComeAgainDoNotMoveTheGateBackAndForth() async throws {
        let bench = try IngestBench()
        let messages = [("closed", 1), ("opening", 2), ("open", 3)] as [(String, UInt16)]
        for duplicate in [false, true] {
            for (state, packetID) in messages {
                bench.publish("garage/home/gate/front/state", state, packetID: packetID, duplicate: duplicate)
            }
        }
        try await bench.eventually("all are acknowledged") { bench.sink.releases.count == 6 }
        #expect(try await bench.types() == ["gate.closed", "gate.opening", "gate.opened"])
    }

    @Test func theLastStateOfASequenceThatIsOnlyPartlyKnownPrevails() async throws {
        let first = try IngestBench()
        let topic = "garage/home/spot/A1/state"
        first.publish(topic, "free", packetID: 1)
        // No event, so that after a restart nothing tells of it.
        first.publish(topic, "free", packetID: 2)
        first.publish(topic, "occupied", packetID: 3)
        _ = try await first.events()
        await first.log.close()
        let second = try IngestBench(folder: first.folder)
        second.clock.advance(milliseconds: 60_000)
        second.publish(topic, "free", packetID: 2, duplicate: true)
        second.publish(topic, "occupied", packetID: 3, duplicate: true)
        #expect(try await second.types().last == "spot.occupied")
    }
}

@Suite struct ResendBookTests {
    private let time = Timestamp(microseconds: 1_750_000_000_000_000)

    private func mark(_ packetID: UInt16, _ digest: UInt64 = 5) -> MessageMark {
        MessageMark(packetID: packetID, digest: digest)
    }

    @Test(arguments: [0, 1, 0xFFFF, 0xA5C3] as [UInt16], [0, 1, .max, 0x0123_4567_89AB_CDEF] as [UInt64])
    func anEventsIDTellsItsMessage(packetID: UInt16, digest: UInt64) throws {
        let message = MessageID(mark: mark(packetID, digest), milliseconds: 1_750_000_000_123)
        let id = try #require(message.event(200))
        #expect(MessageID(of: id) == message)
        #expect(id.high >> 12 & 0xF == 7 && id.low >> 62 == 2, "it is a UUID of version 7")
        #expect(message.event(256) == nil)
        #expect(EventNumbering(message: message, observation: 31).event(7) != nil)
        #expect(EventNumbering(message: message, observation: 0).event(8) == nil)
        #expect(EventNumbering(message: message, observation: 32).event(0) == nil)
    }

    @Test func itForgetsTheOldestWhenItIsFull() {
        var book = ResendBook(capacity: 3)
        for number in 1...5 as ClosedRange<UInt16> {
            _ = book.take(mark(number), from: "c\(number)", isDuplicate: false, states: [], at: time)
        }
        #expect(book.count == 3)
        for number in 1...5 as ClosedRange<UInt16> {
            var copy = book
            let verdict = copy.take(mark(number), from: "c\(number)", isDuplicate: true, states: [], at: time)
            if case .resent = verdict { #expect(number > 2) } else { #expect(number <= 2) }
        }
    }

    @Test func oneBusyIdentifierTakesNoMoreThanItsPlace() {
        var book = ResendBook(capacity: 3)
        for _ in 0..<100 { _ = book.take(mark(1), from: "a", isDuplicate: false, states: [], at: time) }
        #expect(book.count == 1)
        #expect(
            book.take(mark(1), from: "a", isDuplicate: true, states: [], at: time)
                == .resent(MessageID(mark: mark(1), milliseconds: time.microseconds / 1000 + 99)))
    }
}
