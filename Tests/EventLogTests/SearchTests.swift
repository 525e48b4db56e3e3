import GRDB
import Testing

@testable import EventLog

/// Pages in both directions, and how they are found.
@Suite struct SearchTests {
    @Test func pagesGoBothWaysAndMeet() async throws {
        let folder = try LogFolder()
        try await folder.withLog { log throws in
            for part in 0..<5 {
                try await log.append(
                    AppendRequest(
                        events: (0..<20).map {
                            event(part * 20 + $0, stream: "s/\($0 % 3)", chain: $0 % 2 == 0 ? .journal : .telemetry)
                        }))
            }
            for chain in [nil, Chain.journal, .telemetry] {
                let all = try log.read(after: 0, limit: 1000, chain: chain)
                #expect(all.count == (chain == nil ? 100 : 50))
                for limit in [1, 7, 100] {
                    var (forward, backward): ([RecordedEvent], [RecordedEvent]) = ([], [])
                    while case let page = try log.read(
                        after: forward.last?.position ?? 0, limit: limit, chain: chain), !page.isEmpty
                    { forward += page }
                    while case let page = try log.read(
                        before: backward.last?.position ?? .max, limit: limit, chain: chain), !page.isEmpty
                    { backward += page }
                    #expect(forward == all)
                    #expect(backward == all.reversed())
                }
            }
            let stream = try log.read(stream: "s/1", afterVersion: 0, limit: 100)
            #expect(try log.read(stream: "s/1", beforeVersion: .max, limit: 100) == stream.reversed())
            #expect(try log.read(stream: "s/1", beforeVersion: 5, limit: 2).map(\.version) == [4, 3])
            #expect(try log.read(stream: "none", beforeVersion: .max, limit: 2).isEmpty)
        }
    }

    @Test func aMomentIsFoundByHalving() async throws {
        let folder = try LogFolder()
        try await folder.withLog { log throws in
            for part in 0..<40 { try await log.append(AppendRequest(events: [event(part), event(part + 1000)])) }
            let all = try log.read(after: 0, limit: 1000)
            for event in all {
                let first = all.first { $0.recorded >= event.recorded }
                #expect(try log.position(recordedFrom: event.recorded) == first?.position)
                #expect(
                    try log.position(recordedFrom: event.recorded + 1)
                        == all.first { $0.recorded > event.recorded }?.position)
            }
            #expect(try log.position(recordedFrom: 0) == 1)
            #expect(try log.position(recordedFrom: .max) == nil)
        }
    }

    /// A plan that scans the table would cost more with every event that the log gets.
    @Test(arguments: [
        EventQuery.after(chain: nil), EventQuery.after(chain: .journal), EventQuery.after(chain: .telemetry),
        EventQuery.before(chain: nil), EventQuery.before(chain: .journal), EventQuery.before(chain: .telemetry),
        EventQuery.streamAfter, EventQuery.streamBefore, EventQuery.atPosition, EventQuery.withID,
        EventQuery.recordedFrom,
    ]) func everyQueryFindsItsFirstRowByAnIndex(sql: String) async throws {
        let folder = try LogFolder()
        try await folder.withLog { _ = try await $0.append(AppendRequest(events: (0..<50).map { event($0) })) }
        let queue = try DatabaseQueue(path: folder.file)
        let steps = try await queue.read { database in
            let parameters = sql.contains("?3") ? 3 : sql.contains("?2") ? 2 : 1
            return try Row.fetchAll(
                database, sql: "EXPLAIN QUERY PLAN " + sql,
                arguments: StatementArguments(Array(repeating: 1, count: parameters))
            ).map { $0["detail"] as String }
        }
        try queue.close()
        #expect(steps.contains { $0.hasPrefix("SEARCH event") }, "\(steps)")
        #expect(!steps.contains { $0.hasPrefix("SCAN") || $0.contains("TEMP B-TREE") }, "\(steps)")
        if sql.contains("chain = 1") { #expect(steps.contains { $0.contains("INDEX journal") }, "\(steps)") }
    }
}
