import Crypto
import EventLog
import Foundation
import GRDB
import Testing

@Suite struct VerifyTests {
    /// A closed log with 30 events in both chains and several streams, and its head.
    private func makeLog() async throws -> (LogFolder, LogHead) {
        let folder = try LogFolder()
        let head = try await folder.withLog { log throws in
            for number in 1...30 {
                let chain: Chain = number % 3 == 0 ? .telemetry : .journal
                try await log.append(AppendRequest(events: [event(number, stream: "s/\(number % 4)", chain: chain)]))
            }
            return log.chainHeads
        }
        return (folder, head)
    }

    @Test func aWholeLogIsWhole() async throws {
        let (folder, head) = try await makeLog()
        let before = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        let report = try EventLog.verify(file: folder.file, against: [head])
        #expect(report == VerificationReport(head: head, events: 30, fault: nil))
        // Checking leaves nothing behind.
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == before)
        try await folder.withLog { log throws in
            #expect(try log.verify() == report)
            // Also from outside, while it is open and goes on.
            try await log.append(AppendRequest(events: [event(31)]))
            let outside = try EventLog.verify(file: folder.file, against: [head])
            #expect(outside.isWhole && outside.events == 31)
        }
    }

    @Test func progressRunsToTheHead() async throws {
        let folder = try LogFolder()
        try await folder.withLog { log throws in
            try await log.append(AppendRequest(events: (0..<2500).map { event($0) }))
            var seen: [VerificationProgress] = []
            #expect(try log.verify { seen.append($0) }.isWhole)
            #expect(seen.count >= 3)
            #expect(seen.last == VerificationProgress(position: 2500, head: 2500))
        }
    }

    static let changes: [(sql: String, position: Int64)] = [
        ("UPDATE event SET data = CAST('{\"number\":0}' AS BLOB) WHERE position = 7", 7),
        ("UPDATE event SET time = time + 1 WHERE position = 7", 7),
        ("UPDATE event SET recorded = recorded + 1 WHERE position = 7", 7),
        ("UPDATE event SET schema = 2 WHERE position = 7", 7),
        ("UPDATE event SET client = 'x' WHERE position = 7", 7),
        ("UPDATE event SET correlation = zeroblob(16) WHERE position = 7", 7),
        ("UPDATE event SET correlation = zeroblob(15) WHERE position = 7", 7),
        ("UPDATE event SET causation = zeroblob(16) WHERE position = 7", 7),
        ("UPDATE event SET id = randomblob(16) WHERE position = 7", 7),
        ("UPDATE event SET hash = randomblob(32) WHERE position = 7", 7),
        ("UPDATE event SET salt = randomblob(16) WHERE position = 7", 7),
        ("UPDATE event SET salt = NULL WHERE position = 7", 7),
        ("UPDATE event SET digest = zeroblob(32) WHERE position = 7", 7),
        ("UPDATE event SET chain = 2 WHERE position = 7", 7),
        ("UPDATE event SET chain = 9 WHERE position = 7", 7),
        ("UPDATE event SET type = 999 WHERE position = 7", 7),
        ("UPDATE event SET version = 99 WHERE position = 7", 7),
        ("UPDATE symbol SET text = 'gate.closed' WHERE text = 'gate.opened'", 1),
        ("UPDATE symbol SET text = 'bob' WHERE text = 'ana'", 1),
        ("UPDATE stream SET name = 's/9' WHERE name = 's/3'", 3),
        ("DELETE FROM event WHERE position = 7", 7),
        ("DELETE FROM event WHERE position BETWEEN 7 AND 12", 7),
        ("DELETE FROM event WHERE position = 1", 1),
        ("DELETE FROM event WHERE position > 20", 21),
        ("DELETE FROM event", 1),
        ("UPDATE event SET position = 9223372036854775807 WHERE position = 30", 30),
        ("UPDATE event SET position = -9223372036854775808 WHERE position = 1", 1),
        ("UPDATE event SET version = 9223372036854775807 WHERE position = 7", 7),
        ("UPDATE stream SET pruned = 9223372036854775807 WHERE name = 's/3'", 3),
        (
            """
            UPDATE event SET position = 100 WHERE position = 7; UPDATE event SET position = 7 WHERE position = 11;
            UPDATE event SET position = 11 WHERE position = 100;
            """, 7
        ),
        (
            """
            UPDATE event SET data = (SELECT data FROM event WHERE position = 11),
            salt = (SELECT salt FROM event WHERE position = 11) WHERE position = 7;
            """, 7
        ),
        (
            """
            INSERT INTO event SELECT -5, randomblob(16), stream, 1000, chain, type, schema, time, recorded, channel, correlation,
            causation, hash, actor, client, salt, digest, data FROM event WHERE position = 7
            """, -5
        ),
        (
            """
            INSERT INTO event SELECT 31, randomblob(16), stream, 1000, chain, type, schema, time, recorded, channel, correlation,
            causation, hash, actor, client, salt, digest, data FROM event WHERE position = 7
            """, 31
        ),
        ("UPDATE chain SET anchor_position = 7, pruned = 2 WHERE id = 2", 3),
    ]

    @Test(arguments: changes) func everyChangeIsFound(sql: String, position: Int64) async throws {
        let (folder, _) = try await makeLog()
        try folder.tamper(sql)
        let report = try EventLog.verify(file: folder.file)
        #expect(report.fault?.position == position, "\(String(describing: report.fault))")
        #expect(!report.isWhole)
    }

    @Test func aNewBeginningIsFound() async throws {
        let (folder, head) = try await makeLog()
        try folder.tamper("UPDATE chain SET anchor_hash = zeroblob(32)")
        #expect(try EventLog.verify(file: folder.file).fault?.reason == .differentHistory)
        try folder.tamper("UPDATE log SET identity = randomblob(16)")
        #expect(try EventLog.verify(file: folder.file, against: [head]).fault?.reason == .differentLog)
    }

    @Test func aTailThatIsCutOffIsFoundWithAKnownHead() async throws {
        let (folder, head) = try await makeLog()
        // As somebody would who knows the format: the heads are made to fit what is left.
        try folder.tamper(
            """
            DELETE FROM event WHERE position > 20;
            UPDATE chain SET position = (SELECT max(position) FROM event WHERE chain = chain.id),
            hash = (SELECT hash FROM event WHERE event.chain = chain.id ORDER BY position DESC LIMIT 1);
            UPDATE chain SET position = (SELECT max(position) FROM event WHERE event.chain = chain.id);
            """)
        #expect(try EventLog.verify(file: folder.file).isWhole)
        let report = try EventLog.verify(file: folder.file, against: [head])
        #expect(report.fault == VerificationFault(position: 21, reason: .cutOff(last: 20)))
        // And then goes on with another history.
        try await folder.withLog { log in _ = try await log.append(AppendRequest(events: (1...15).map { event($0) })) }
        #expect(try EventLog.verify(file: folder.file).isWhole)
        let forged = try EventLog.verify(file: folder.file, against: [head])
        #expect(forged.fault == VerificationFault(position: 30, reason: .differentHistory))
    }

    @Test func oneByteOfTheFileIsFound() async throws {
        let (folder, _) = try await makeLog()
        var file = try Data(contentsOf: URL(fileURLWithPath: folder.file))
        let place = try #require(file.range(of: Data(#"{"number":17}"#.utf8)))
        file[place.lowerBound + 10] ^= 1
        try file.write(to: URL(fileURLWithPath: folder.file))
        let report = try EventLog.verify(file: folder.file)
        #expect(report.fault == VerificationFault(position: 17, reason: .wrongHash))
        #expect(report.events == 16)
    }

    @Test func damagedPagesAreFoundOrRefused() async throws {
        let folder = try LogFolder()
        try await folder.withLog { _ = try await $0.append(AppendRequest(events: (0..<500).map { event($0) })) }
        let original = try Data(contentsOf: URL(fileURLWithPath: folder.file))
        // Each page in turn loses its first bytes; whatever it held, checking says so and never crashes.
        for page in 1..<original.count / 4096 {
            var file = original
            let start = page * 4096
            if file[start..<start + 64].allSatisfy({ $0 == 0 }) { continue }
            file.replaceSubrange(start..<start + 64, with: repeatElement(0xff, count: 64))
            try file.write(to: URL(fileURLWithPath: folder.file))
            let outcome = Result { try EventLog.verify(file: folder.file).isWhole }
            switch outcome {
            case .success(let isWhole): #expect(!isWhole, "page \(page + 1)")
            case .failure(EventLogError.corrupt): break
            case .failure(let error): Issue.record("page \(page + 1): \(error)")
            }
        }
    }

    @Test func anErasedEventStillFits() async throws {
        let (folder, head) = try await makeLog()
        // The content's hash, by the documented form.
        let salt = try #require(try folder.value("SELECT salt FROM event WHERE position = 7", as: Data.self))
        let digest = content(salt: salt, actor: "ana", client: nil, data: Data(#"{"number":7}"#.utf8))
        try folder.tamper(
            """
            INSERT INTO symbol (text) VALUES ('');
            UPDATE event SET data = x'', salt = NULL, digest = x'\(digest.map { String(format: "%02x", $0) }.joined())',
            actor = (SELECT id FROM symbol WHERE text = '') WHERE position = 7
            """)
        #expect(try EventLog.verify(file: folder.file, against: [head]).isWhole)
    }

    @Test(arguments: [15, 30]) func aLogWhoseOldTelemetryWasPrunedStillFits(through last: Int) async throws {
        let folder = try LogFolder()
        func number(_ number: Int) -> NewEvent {
            number % 3 == 0
                ? event(number, stream: "t/\(number % 2)", chain: .telemetry) : event(number, stream: "s/\(number % 4)")
        }
        let heads = try await folder.withLog { log throws in
            var heads: [LogHead] = []
            for value in 1...30 {
                try await log.append(AppendRequest(events: [number(value)]))
                heads.append(log.chainHeads)
            }
            return heads
        }
        try folder.tamper(
            """
            UPDATE stream SET pruned = ifnull((SELECT max(version) FROM event
                WHERE stream = stream.id AND chain = 2 AND position <= \(last)), 0);
            UPDATE chain SET anchor_position = \(last), pruned = \(last / 3),
                anchor_hash = (SELECT hash FROM event WHERE position = \(last)) WHERE id = 2;
            DELETE FROM event WHERE chain = 2 AND position <= \(last);
            """)
        for head in heads {
            let report = try EventLog.verify(file: folder.file, against: [head])
            #expect(report.isWhole, "\(head.position): \(String(describing: report.fault))")
            #expect(report.events == Int64(30 - last / 3))
        }
        try await folder.withLog { log throws in
            #expect(log.head == 30)
            #expect(try log.statistics().events == Int64(30 - last / 3))
            let request = AppendRequest(
                events: [event(33, stream: "t/1", chain: .telemetry)], expectations: [("t/1", .exact(5))])
            #expect(try await log.append(request).positions == [31])
            #expect(try log.verify(against: heads.last).isWhole)
        }
        try folder.tamper("DELETE FROM event WHERE position = 2")
        #expect(try !EventLog.verify(file: folder.file).isWhole)
    }

    /// Computes every link again from the documented form alone: a change of the form would break all logs there are.
    @Test func hashesFollowTheDocumentedForm() async throws {
        let folder = try LogFolder()
        let events = [
            event(1),
            NewEvent(
                id: .make(at: 5), stream: "gate/é", chain: .journal, type: "gate.closed", schema: 300, time: -5,
                metadata: EventMetadata(
                    actor: "José", channel: "http", clientID: "c", correlation: .make(at: 1), causation: .make(at: 2)),
                data: Array(#"{"a":[1]}"#.utf8)),
            event(3, stream: "t", chain: .telemetry),
            event(4, stream: "t", chain: .telemetry),
            event(5),
        ]
        let (identity, recorded) = try await folder.withLog { log throws in
            try await log.append(AppendRequest(events: events))
            return (log.identity, try log.read(after: 0, limit: 10))
        }
        var links: [Chain: Data] = [:]
        for chain in Chain.allCases {
            var genesis = Data([0]) + Data("garage event log 1".utf8)
            genesis += Data(identity.bytes) + Data([UInt8(chain.rawValue)])
            links[chain] = sha256(genesis)
        }
        for event in recorded {
            let salt = try folder.value("SELECT salt FROM event WHERE position = \(event.position)", as: Data.self)
            #expect(salt?.count == (event.chain == .journal ? 16 : nil))
            var link = try Data([2]) + #require(links[event.chain])
            link += number(event.position) + bytes(event.id) + Data([UInt8(event.chain.rawValue)]) + text(event.stream)
            link += number(event.version) + text(event.type) + number(Int64(event.schema)) + number(event.time)
            link += number(event.recorded) + text(event.metadata.channel)
            for id in [event.metadata.correlation, event.metadata.causation] {
                link += id.map { Data([1]) + bytes($0) } ?? Data([0])
            }
            link += content(
                salt: salt ?? Data(), actor: event.metadata.actor, client: event.metadata.clientID,
                data: Data(event.data))
            let hash = sha256(link)
            #expect(Data(event.hash) == hash)
            links[event.chain] = hash
        }
    }

    private func content(salt: Data, actor: String, client: String?, data: Data) -> Data {
        let client = client.map { Data([1]) + text($0) } ?? Data([0])
        return sha256(Data([1]) + count(salt) + salt + text(actor) + client + count(data) + data)
    }

    private func sha256(_ data: Data) -> Data { Data(SHA256.hash(data: data)) }
    private func count(_ data: Data) -> Data { withUnsafeBytes(of: UInt32(data.count).bigEndian) { Data($0) } }
    private func text(_ text: String) -> Data { count(Data(text.utf8)) + Data(text.utf8) }
    private func number(_ value: Int64) -> Data { withUnsafeBytes(of: value.bigEndian) { Data($0) } }
    private func bytes(_ id: EventID) -> Data {
        withUnsafeBytes(of: id.high.bigEndian) { Data($0) } + withUnsafeBytes(of: id.low.bigEndian) { Data($0) }
    }
}
