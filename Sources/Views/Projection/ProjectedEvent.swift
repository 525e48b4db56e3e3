import EventLog
import GarageDomain
import GarageEvents

/// An event on its way into the projections.
struct ProjectedEvent {
    var position: Int64
    /// Microseconds since 1970.
    var time: Int64
    var key: EventKey
    var content: Content

    enum Content {
        /// A reading of a sensor, which most events are.
        case reading(Reading)
        case other(ProjectedRow)
    }
}

/// An event with all that the log has about it.
final class ProjectedRow: Sendable {
    let row: EventRow

    init(_ row: EventRow) { self.row = row }
}

/// Events that follow each other in the log, as one transaction applies them.
struct ProjectedPage {
    private(set) var events: [ProjectedEvent] = []
    /// The events as rows, for those who follow live; empty far behind the head, where nobody does.
    private(set) var rows: [EventRow] = []

    /// Reads the events after a position, at most `limit`.
    init(
        of log: EventLog, after position: Int64, limit: Int, keepsRows: Bool, keys: inout EventKeys
    ) throws(EventLogError) {
        var events: [ProjectedEvent] = []
        events.reserveCapacity(limit)
        var rows: [EventRow] = []
        var known = keys
        try log.replay(after: position, limit: limit) { event in
            let key = try known.key(of: event)
            let reading =
                key.isReading
                ? event.withData { EventCoding.canonicalReading(schema: event.schema, data: $0) } : nil
            if let reading {
                events.append(
                    ProjectedEvent(position: event.position, time: event.time, key: key, content: .reading(reading)))
                guard keepsRows else { return }
                let recorded = try event.recorded(key.names)
                rows.append(EventRow(event: recorded, subject: key.subject, body: .readingRecorded(reading)))
            } else {
                let row = EventRow(try event.recorded(key.names), subject: key.subject)
                let content: ProjectedEvent.Content
                if key.isReading, case .readingRecorded(let reading) = row.body {
                    content = .reading(reading)
                } else {
                    content = .other(ProjectedRow(row))
                }
                events.append(
                    ProjectedEvent(position: event.position, time: event.time, key: key, content: content))
                if keepsRows { rows.append(row) }
            }
        }
        keys = known
        self.events = events
        self.rows = rows
    }
}
