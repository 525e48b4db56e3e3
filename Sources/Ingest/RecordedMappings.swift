public import EventLog
public import GarageDomain
import GarageEvents

/// The mapping rules that people have made, as the file of an event log tells them: for programs that answer without
/// the service.
public enum RecordedMappings {
    /// The rules in force: those of the configuration, and after them those of the log in `file`, which may be in use.
    public static func rules(configured: [MappingText], file: String) throws(EventLogError) -> [MappingText] {
        var book = MappingBook(configured: configured)
        try EventLog.read(file: file, chain: .journal) { page in
            for recorded in page where recorded.type.hasPrefix("mapping.") {
                if let event = EventCoding.decode(recorded) { book.evolve(event.body) }
            }
        }
        return book.entries.map(\.rule)
    }
}
