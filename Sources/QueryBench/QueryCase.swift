import GarageDomain
public import Views

/// A query that is measured, as a page or an endpoint asks it.
public struct QueryCase: Sendable {
    public var name: String
    /// Asks for at most so many rows, where rows can be counted, and returns how many rows or points came.
    let run: @Sendable (Views, _ limit: Int) async throws -> Int

    private static func page(
        _ name: String, _ filter: EventFilter = EventFilter(), _ order: PageRequest.Order = .descending,
        share: Double? = nil
    ) -> QueryCase {
        QueryCase(name: name) { views, limit in
            let after = share.map { Int64(Double(views.position()) * $0) }
            return try await views.events(filter, PageRequest(after: after, order: order, limit: limit)).rows.count
        }
    }

    /// The moment of this share of the generated days.
    private static func moment(_ share: Double) -> Timestamp {
        let length = Double(GeneratedLog.days * 86_400_000_000)
        return Timestamp(microseconds: GeneratedLog.start + Int64(length * share))
    }

    public static let all: [QueryCase] = [
        page("first page"),
        page("last page", order: .ascending),
        page("page in the middle", share: 0.5),
        page("without readings", EventFilter(hidesReadings: true)),
        page("without readings, middle", EventFilter(hidesReadings: true), share: 0.5),
        page("type gate.opened", EventFilter(types: ["gate.opened"])),
        page("type command failed, middle", EventFilter(types: ["gate.command-failed"]), share: 0.5),
        page("kind gate, last page", EventFilter(kind: .gate), .ascending),
        page("device esp5", EventFilter(device: "esp5")),
        page("actor ana, type gate.*", EventFilter(types: ["gate.*"], actor: "ana")),
        page("subject A3, state free", EventFilter(subject: "A3", state: "free")),
        page("nothing matches", EventFilter(types: ["gate.stopped"], actor: "ana")),
        page("time range of a week", EventFilter(from: moment(0.4), to: moment(0.4175))),
        page("time range, type note", EventFilter(types: ["note.added"], from: moment(0.4), to: moment(0.6))),
        page("text in few events", EventFilter(text: "number 4711,")),
        page("text in many events", EventFilter(text: "hinges")),
        page("text in many, type in few", EventFilter(types: ["gate.command-failed"], text: "open")),
        page("text of an actor", EventFilter(text: "joão")),
        QueryCase(name: "chart of 30 days") { views, _ in
            let sensor = Subject(garage: Name(nearest: "home"), kind: .sensor, name: Name(nearest: "dht1"))
            let query = ReadingsQuery(sensor: sensor, quantity: .temperature, from: moment(0.9), to: moment(0.975))
            return try await views.readings(query).points.count
        },
        QueryCase(name: "extremes of a day") { views, _ in
            let sensor = Subject(garage: Name(nearest: "home"), kind: .sensor, name: Name(nearest: "dht1"))
            _ = try await views.extremes(
                of: sensor, quantity: .temperature, from: moment(0.9), to: moment(0.9025))
            return 1
        },
        QueryCase(name: "gates, spots, sensors now") { views, _ in
            let gates = try await views.gates()
            let spots = try await views.spots()
            return try await views.sensors().count + gates.count + spots.count
        },
    ]

    private static func page(_ name: String, order: PageRequest.Order) -> QueryCase {
        page(name, EventFilter(), order)
    }

    /// What running it several times gave.
    public struct Measurement: Sendable {
        /// Times of single runs in nanoseconds, in ascending order.
        public var times: [Int64]
        /// How many rows or points each run answered with.
        public var rows: Int
    }

    /// Measures after some runs that are not counted.
    public func measure(_ views: Views, runs: Int, limit: Int) async throws -> Measurement {
        var rows = 0
        for _ in 0..<max(runs / 10, 5) { rows = try await run(views, limit) }
        var times: [Int64] = []
        for _ in 0..<max(runs, 1) {
            let start = ContinuousClock.now
            _ = try await run(views, limit)
            let (seconds, attoseconds) = (ContinuousClock.now - start).components
            times.append(seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
        }
        return Measurement(times: times.sorted(), rows: rows)
    }
}
