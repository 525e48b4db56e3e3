import EventLog
import Foundation
import GarageDomain
import GarageEvents
import Logging
import MQTTBroker
import Testing

@testable import Ingest

/// What a start takes from the snapshot and the rest of the journal is what it would take from the whole journal.
@Suite struct HistorySnapshotTests {
    private func file(_ bench: IngestBench) -> String { bench.folder + "/journal.snapshot" }

    private func fill(_ bench: IngestBench, _ rounds: Range<Int>) async throws {
        for round in rounds {
            bench.clock.advance(milliseconds: 1000)
            bench.publish("garage/home/spot/A\(round % 5)/state", round % 2 == 0 ? "occupied" : "free")
            bench.publish("garage/home/gate/front/state", ["closed", "opening", "open", "closing"][round % 4])
            bench.publish("garage/home/gate/front/obstruction", round % 3 == 0 ? "obstructed" : "clear")
            bench.publish("garage/home/sensor/dht\(round % 2)/humidity", round % 4 == 1 ? "nan" : "50")
            // It can't be read, and so nothing is sent to the gate, whose going out would be recorded at any time later.
            bench.publish("garage/home/gate/front/command", "jump")
            bench.publish(
                "garage/home/device/esp\(round % 3)/status", "online", from: ClientContext(clientID: "esp\(round % 3)"))
        }
        _ = try await bench.events()
    }

    private func expectSame(_ one: History, _ other: History) {
        #expect(one.state.gates == other.state.gates)
        #expect(one.state.spots == other.state.spots)
        #expect(one.state.sensors == other.state.sensors)
        #expect(one.state.devices == other.state.devices)
        #expect(one.state.alerts == other.state.alerts)
        #expect(one.state.commands.count == other.state.commands.count)
        #expect(one.traces.stored.map(\.latest) == other.traces.stored.map(\.latest))
        #expect(one.book.added == other.book.added)
        #expect(one.position == other.position)
    }

    @Test func theRestIsReadFromTheJournal() async throws {
        let bench = try IngestBench()
        try await fill(bench, 0..<40)
        let history = try History(log: bench.log, mappings: [])
        let keeper = HistoryKeeper(
            history, written: 0, log: bench.log, file: file(bench), mappings: [], logger: Logger(label: "test"))
        try await keeper.keep(after: 1)
        var read = try #require(
            try HistorySnapshot.read(file(bench), for: bench.log, mappings: []))
        expectSame(read, history)
        #expect(read.state.commands.count > 0 && !read.state.gates.isEmpty)

        try await fill(bench, 40..<60)
        while try read.readPage(of: bench.log) {}
        expectSame(read, try History(log: bench.log, mappings: []))
        try await keeper.keep(after: 1)
        let next = try #require(
            try HistorySnapshot.read(file(bench), for: bench.log, mappings: []))
        expectSame(next, read)
    }

    @Test func oneThatDoesNotFitIsNotUsed() async throws {
        let bench = try IngestBench()
        try await fill(bench, 0..<5)
        let history = try History(log: bench.log, mappings: [])
        let file = self.file(bench)
        try HistorySnapshot(history, of: bench.log)?.write(to: file)
        #expect(try HistorySnapshot.read(file, for: bench.log, mappings: []) != nil)
        let other = try IngestBench()
        try await fill(other, 0..<5)
        #expect(try HistorySnapshot.read(file, for: other.log, mappings: []) == nil)
        let content = try Data(contentsOf: URL(filePath: file))
        let version = #""version":\#(HistorySnapshot.version)"#
        let earlier = String(decoding: content, as: UTF8.self).replacing(version, with: #""version":0"#)
        #expect(earlier.utf8.count == content.count)
        try Data(earlier.utf8).write(to: URL(filePath: file))
        #expect(try HistorySnapshot.read(file, for: bench.log, mappings: []) == nil)
        try content.prefix(content.count / 2).write(to: URL(filePath: file))
        #expect(try HistorySnapshot.read(file, for: bench.log, mappings: []) == nil)
        #expect(try HistorySnapshot.read(bench.folder + "/none", for: bench.log, mappings: []) == nil)
    }

    @Test func whatIsToBeErasedIsForgotten() async throws {
        let bench = try IngestBench()
        try await fill(bench, 0..<5)
        let history = try History(log: bench.log, mappings: [])
        let keeper = HistoryKeeper(
            history, written: 0, log: bench.log, file: file(bench), mappings: [], logger: Logger(label: "test"))
        try await keeper.keep(after: 1)
        #expect(FileManager.default.fileExists(atPath: file(bench)))
        keeper.forget()
        #expect(!FileManager.default.fileExists(atPath: file(bench)))
        try await keeper.keep(after: 1)
        let again = try #require(
            try HistorySnapshot.read(file(bench), for: bench.log, mappings: []))
        expectSame(again, history)
    }

    /// A build that writes the content in another way, or makes something else of the same journal, must not take the
    /// snapshot of one that did not: whoever changes this golden file raises `HistorySnapshot.version` with it. It has a line
    /// for what is known after one event of each type, one upon the other.
    @Test func theContentIsThatOfItsVersion() async throws {
        let bench = try IngestBench()
        var history = try History(log: bench.log, mappings: [])
        var lines: [String] = []
        for (number, type) in EventType.allCases.enumerated() where type != .readingRecorded {
            let body = try #require(EventCoding.body(type: type.rawValue, schema: 1, data: try Self.example(of: type)))
            let event = EventCoding.encode(
                DomainEvent(Self.subject(of: type), body), id: EventID(high: 1, low: UInt64(number)),
                time: Int64(number) * 1_000_000,
                metadata: EventMetadata(actor: "esp1", channel: "device", clientID: "esp1"))
            try await bench.log.append(AppendRequest(events: [event]))
            #expect(try history.readPage(of: bench.log), "\(type) is not in the journal")
            let content = try JSONSerialization.jsonObject(
                with: JSONEncoder().encode(HistorySnapshot.Content(history)))
            let line = try JSONSerialization.data(
                withJSONObject: ["after": type.rawValue, "content": Self.inOrder(content)],
                options: [.sortedKeys, .withoutEscapingSlashes])
            lines.append(String(decoding: line, as: UTF8.self))
        }
        let golden = Bundle.module.bundleURL.appending(path: "Golden/history-\(HistorySnapshot.version).jsonl")
        let expected = try String(contentsOf: golden, encoding: .utf8).split(separator: "\n").map(String.init)
        #expect(lines == expected, "\(golden.lastPathComponent) is not what this build makes of the journal")
    }

    private static func example(of type: EventType) throws -> [UInt8] {
        let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let file = tests.appending(path: "GarageEventsTests/Golden/\(type.rawValue).v1.json")
        return Array(try Data(contentsOf: file))
    }

    private static func subject(of type: EventType) -> Subject {
        let kind = type.rawValue.prefix { $0 != "." }
        return Subject(
            garage: Name(nearest: "home"), kind: Subject.Kind(rawValue: String(kind)) ?? .garage,
            name: Name(nearest: "x1"))
    }

    /// The same with dictionaries that are written as lists of keys and values in the order of the keys.
    private static func inOrder(_ value: Any) -> Any {
        if let object = value as? [String: Any] { return object.mapValues { inOrder($0) } }
        guard let list = value as? [Any] else { return value }
        let inner = list.map { inOrder($0) }
        let keys = stride(from: 0, to: inner.count, by: 2).compactMap { inner[$0] as? String }
        guard inner.count.isMultiple(of: 2), keys.count == inner.count / 2,
            stride(from: 1, to: inner.count, by: 2).allSatisfy({ !(inner[$0] is String) })
        else { return inner }
        let pairs = keys.enumerated().map { ($1, inner[2 * $0 + 1]) }
        return pairs.sorted { $0.0 < $1.0 }.flatMap { [$0.0, $0.1] }
    }
}
