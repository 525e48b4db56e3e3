import EventLog
import GarageDomain
import Testing
import Views

@Suite struct EventQueryTests {
    /// Every filter gives what a look at each single event gives, in pages of any size, in both orders.
    @Test func pagesHoldExactlyWhatTheFilterMatches() async throws {
        try await GarageLog.with { garage in
            try await garage.append(Story.events(1300, seed: 42, for: garage))
            let views = try await garage.caughtUpViews()
            var all: [EventRow] = []
            while all.count < Int(garage.log.head) {
                let page = PageRequest(after: all.last?.event.position, order: .ascending, limit: 1000)
                all += try await views.events(EventFilter(), page).rows
            }
            #expect(all.map(\.event.position) == Array(1...garage.log.head))
            for filter in Story.filters {
                let expected = all.filter(filter.matches).map(\.event.position)
                for limit in [7, 60, 1000] {
                    let ascending = try await positions(views, filter, .ascending, limit)
                    #expect(ascending == expected, "\(filter)")
                    let descending = try await positions(views, filter, .descending, limit)
                    #expect(descending == expected.reversed(), "\(filter)")
                }
            }
            try views.close()
        }
    }

    private func positions(
        _ views: Views, _ filter: EventFilter, _ order: PageRequest.Order, _ limit: Int
    ) async throws -> [Int64] {
        var found: [Int64] = []
        var page = PageRequest(order: order, limit: limit)
        while true {
            let answer = try await views.events(filter, page)
            #expect(answer.rows.count <= limit)
            found += answer.rows.map(\.event.position)
            guard answer.hasMore, let last = found.last else { return found }
            #expect(answer.rows.count == limit)
            page.after = last
        }
    }

    @Test func newEventsDoNotShiftAPage() async throws {
        try await GarageLog.with { garage in
            for number in 1...10 { try await garage.append("gate/home.front", .gateObstructed, at: Double(number)) }
            let views = try await garage.caughtUpViews()
            let first = try await views.events(EventFilter(), PageRequest(limit: 4))
            #expect(first.rows.map(\.event.position) == [10, 9, 8, 7])
            #expect(first.hasMore)
            try await garage.append("gate/home.front", .gateObstructed, at: 11)
            try await views.catchUp()
            let second = try await views.events(EventFilter(), PageRequest(after: 7, limit: 4))
            #expect(second.rows.map(\.event.position) == [6, 5, 4, 3])
            #expect(second.head == 11)
            let last = try await views.events(EventFilter(), PageRequest(after: 3, limit: 4))
            #expect(last.rows.map(\.event.position) == [2, 1])
            #expect(!last.hasMore)
            try views.close()
        }
    }

    @Test func rowsAreDecodedOrKeptAsTheyAre() async throws {
        try await GarageLog.with { garage in
            try await garage.append("gate/home.front", moved(.closed, .opening), at: 1, device: "esp1")
            try await garage.appendUnknown("weather", type: "weather.changed", data: #"{"sun":true}"#, at: 2)
            try await garage.appendUnknown("gate/home.front", type: "gate.opened", data: #"{"to":7}"#, at: 3)
            let views = try await garage.caughtUpViews()
            let rows = try await views.events(EventFilter(), PageRequest(order: .ascending)).rows
            #expect(rows.map(\.event.position) == [1, 2, 3])
            #expect(rows[0].body == moved(.closed, .opening))
            #expect(rows[0].subject == (try subject("gate/home.front")))
            #expect(rows[1].body == nil)
            #expect(rows[1].subject == nil)
            #expect(rows[1].event.data == Array(#"{"sun":true}"#.utf8))
            #expect(rows[2].body == nil)
            #expect(rows[2].subject?.id == "home.front")
            #expect(try await views.event(at: 2) == rows[1])
            #expect(try await views.event(at: 0) == nil)
            #expect(try await views.event(at: 4) == nil)
            #expect(try await views.event(at: -1) == nil)
            #expect(try await views.event(at: .max) == nil)
            try views.close()
        }
    }

    @Test func anEmptyLogHasNoEvents() async throws {
        try await GarageLog.with { garage in
            let views = try await garage.caughtUpViews()
            for filter in Story.filters {
                #expect(try await views.events(filter, PageRequest()) == EventPage(rows: [], hasMore: false, head: 0))
            }
            #expect(try await views.garages().isEmpty)
            try views.close()
        }
    }

    @Test func extremePagesAreNoTrap() async throws {
        try await GarageLog.with { garage in
            try await garage.append("gate/home.front", .gateObstructed, at: 1)
            let views = try await garage.caughtUpViews()
            for after in [Int64.min, -1, 0, 1, 2, .max] {
                for order in PageRequest.Order.allCases {
                    for limit in [Int.min, 0, 1, Int.max] {
                        let page = PageRequest(after: after, order: order, limit: limit)
                        let found = try await views.events(EventFilter(), page).rows.count
                        #expect(found == ((order == .ascending ? after < 1 : after > 1) ? 1 : 0))
                    }
                }
            }
            let all = EventFilter(from: Timestamp(microseconds: .min), to: Timestamp(microseconds: .max))
            #expect(try await views.events(all, PageRequest()).rows.count == 1)
            try views.close()
        }
    }
}
