import EventLog
import Foundation
import GarageDomain
import Logging
import MQTTBroker
import Testing

@testable import Ingest

/// What a start takes from the snapshot and the rest of the journal is what it would take from the whole journal.
@Suite struct HistorySnapshotTests {
    private func place(_ bench: IngestBench, program: String = "p") -> HistoryKeeper.Place {
        HistoryKeeper.Place(file: bench.folder + "/journal.snapshot", program: program)
    }

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
            history, written: 0, log: bench.log, place: place(bench), mappings: [], logger: Logger(label: "test"))
        try await keeper.keep(after: 1)
        var read = try #require(
            try HistorySnapshot.read(place(bench).file, for: bench.log, by: "p", mappings: []))
        expectSame(read, history)
        #expect(read.state.commands.count > 0 && !read.state.gates.isEmpty)

        try await fill(bench, 40..<60)
        while try read.readPage(of: bench.log) {}
        expectSame(read, try History(log: bench.log, mappings: []))
        try await keeper.keep(after: 1)
        let next = try #require(
            try HistorySnapshot.read(place(bench).file, for: bench.log, by: "p", mappings: []))
        expectSame(next, read)
    }

    @Test func oneThatDoesNotFitIsNotUsed() async throws {
        let bench = try IngestBench()
        try await fill(bench, 0..<5)
        let history = try History(log: bench.log, mappings: [])
        let file = place(bench).file
        try HistorySnapshot(history, of: bench.log, by: "p")?.write(to: file)
        #expect(try HistorySnapshot.read(file, for: bench.log, by: "p", mappings: []) != nil)
        #expect(try HistorySnapshot.read(file, for: bench.log, by: "another build", mappings: []) == nil)
        let other = try IngestBench()
        try await fill(other, 0..<5)
        #expect(try HistorySnapshot.read(file, for: other.log, by: "p", mappings: []) == nil)
        let content = try Data(contentsOf: URL(filePath: file))
        try content.prefix(content.count / 2).write(to: URL(filePath: file))
        #expect(try HistorySnapshot.read(file, for: bench.log, by: "p", mappings: []) == nil)
        #expect(try HistorySnapshot.read(bench.folder + "/none", for: bench.log, by: "p", mappings: []) == nil)
    }

    @Test func whatIsToBeErasedIsForgotten() async throws {
        let bench = try IngestBench()
        try await fill(bench, 0..<5)
        let history = try History(log: bench.log, mappings: [])
        let keeper = HistoryKeeper(
            history, written: 0, log: bench.log, place: place(bench), mappings: [], logger: Logger(label: "test"))
        try await keeper.keep(after: 1)
        #expect(FileManager.default.fileExists(atPath: place(bench).file))
        keeper.forget()
        #expect(!FileManager.default.fileExists(atPath: place(bench).file))
        try await keeper.keep(after: 1)
        let again = try #require(
            try HistorySnapshot.read(place(bench).file, for: bench.log, by: "p", mappings: []))
        expectSame(again, history)
    }
}
