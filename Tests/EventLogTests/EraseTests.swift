import EventLog
import Foundation
import Testing

/// What the log holds of a person can be erased, and it can still be proved.
@Suite struct EraseTests {
    private let name = "Margarida-Wolkenstein"
    private let secret = "lost-her-keys-again"

    private func personal(_ number: Int, actor: String, chain: Chain = .journal) -> NewEvent {
        var event = event(number, stream: "note/\(number % 3)", chain: chain, actor: actor)
        event.metadata.clientID = "phone-of-\(actor)"
        event.data = Array(#"{"text":"\#(actor == name ? secret : "nothing special") \#(number)"}"#.utf8)
        return event
    }

    private func fill(_ log: EventLog, _ numbers: Range<Int>) async throws {
        try await log.append(
            AppendRequest(
                events: numbers.map {
                    personal($0, actor: $0 % 2 == 0 ? name : "bob", chain: $0 % 5 == 0 ? .telemetry : .journal)
                }))
    }

    private func record(_ events: Int) -> NewEvent {
        var event = event(1, stream: "garage/home", type: "erased", actor: "garage", id: .make(at: 7))
        event.data = Array(#"{"events":\#(events)}"#.utf8)
        return event
    }

    /// Whether the text stands anywhere in the log's files.
    private func isInFiles(_ text: String, _ folder: LogFolder) -> Bool {
        ["", "-wal"].contains { suffix in
            guard let content = FileManager.default.contents(atPath: folder.file + suffix) else { return false }
            return content.range(of: Data(text.utf8)) != nil
        }
    }

    @Test func aPersonGoesAndTheProofStays() async throws {
        let folder = try LogFolder()
        let log = try folder.open()
        try await fill(log, 0..<1500)
        let before = try log.read(after: 0, limit: 2000)
        let head = log.chainHeads
        #expect(isInFiles(secret, folder))

        let receipt = try #require(try await log.erase(actor: name, recordedBy: record))
        #expect(receipt.events == 750 && receipt.position == 1501)
        let after = try log.read(after: 0, limit: 2000)
        for (old, new) in zip(before, after) {
            if old.metadata.actor == name {
                #expect(new.isErased && new.metadata.actor.isEmpty && new.metadata.clientID == nil)
                #expect(new.hash == old.hash && new.type == old.type && new.time == old.time && new.id == old.id)
            } else {
                #expect(new == old)
            }
        }
        #expect(String(decoding: after[1500].data, as: UTF8.self) == #"{"events":750}"#)
        #expect(try log.verify(against: head).isWhole)
        for text in [name, secret] { #expect(!isInFiles(text, folder), "\(text) is still in the file") }

        // The name may come again; it is somebody else's now.
        try await log.append(AppendRequest(events: [personal(2000, actor: name)]))
        #expect(try log.read(after: 1501, limit: 1).first?.metadata.actor == name)
        await log.close()
        #expect(try EventLog.verify(file: folder.file, against: [head]).isWhole)
        try await folder.withLog { log throws in
            let again = try await log.erase(actor: name) { count in
                var event = record(count)
                event.id = .make(at: 8)
                return event
            }
            #expect(again?.events == 1)
            #expect(try log.verify(against: head).isWhole)
        }
        // Nothing can be put in the place of what was erased.
        try folder.tamper("UPDATE event SET data = CAST('{}' AS BLOB) WHERE position = 1")
        #expect(try EventLog.verify(file: folder.file).fault?.position == 1)
    }

    @Test func whoIsNotThereIsNotErasedAndWordsOfTheLogAreNot() async throws {
        let folder = try LogFolder()
        try await folder.withLog { log throws in
            try await log.append(AppendRequest(events: [event(1)]))
            for nobody in ["carla", ""] { #expect(try await log.erase(actor: nobody, recordedBy: record) == nil) }
            await #expect(throws: EventLogError.self) { try await log.erase(actor: "mqtt", recordedBy: record) }
            #expect(log.head == 1)
            #expect(try log.verify().isWhole)
        }
    }

    @Test(.timeLimit(.minutes(1))) func othersGoOnMeanwhile() async throws {
        let folder = try LogFolder()
        let log = try folder.open()
        try await fill(log, 0..<4000)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for number in 5000..<5200 {
                    try await log.append(
                        AppendRequest(events: [personal(number, actor: number % 2 == 0 ? name : "bob")]))
                }
            }
            group.addTask { _ = try await log.erase(actor: name, recordedBy: record) }
            try await group.waitForAll()
        }
        let erasure = try #require(
            try log.read(id: .make(at: 7)) ?? log.read(stream: "garage/home", afterVersion: 0, limit: 1).first)
        let events = try log.read(after: 0, limit: 10_000)
        #expect(events.count == 4201)
        #expect(events.filter { $0.position < erasure.position }.allSatisfy { $0.metadata.actor != name })
        #expect(events.filter(\.isErased).count >= 2000)
        #expect(try log.verify().isWhole)
        await log.close()
    }
}
