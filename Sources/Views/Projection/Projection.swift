import GRDB

/// One read model: tables that follow from the events in the order of the log.
///
/// It remembers between pages what would be costly to read again. After a transaction that failed it is thrown away and
/// made anew from its tables.
protocol Projection: Sendable {
    /// The read model that continues where its tables stand.
    init(_ database: Database) throws

    /// Applies events that follow those applied before, and writes what changed. Nothing else may come of it: no message,
    /// no command, so that replaying a log is safe.
    mutating func apply(_ events: ArraySlice<ProjectedEvent>, _ database: Database) throws
}

/// The read models by name.
enum ProjectionName: String, CaseIterable, Sendable {
    /// What the lists of events need: filters and text search.
    case events
    /// Gates, spots, sensors and devices as they are and were, commands, stays and alerts.
    case garage
    /// Every reading by time.
    case readings
    /// Readings by minute, hour and day, kept in a file of their own.
    case rollups

    func load(_ database: Database) throws -> any Projection {
        switch self {
        case .events: try EventIndex(database)
        case .garage: try GarageProjection(database)
        case .readings: try RawReadings(database)
        case .rollups: try Rollups(database)
        }
    }

    /// The database on the connection that holds the tables.
    var schema: String { self == .rollups ? "rollups" : "main" }

    /// The tables that hold it.
    var tables: [String] {
        switch self {
        case .events: ["facet", "event", "span", "search", "search_index"]
        case .garage:
            [
                "gate", "command", "spot", "sensor", "fault", "device", "movement", "stay", "alert",
                "acknowledgement", "link",
            ]
        case .readings: ["series", "reading"]
        case .rollups: ["series", "minute", "hour", "day"]
        }
    }
}
