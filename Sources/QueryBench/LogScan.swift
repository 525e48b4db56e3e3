public import EventLog
import GarageDomain
import GarageEvents

/// Reads a whole log, decodes every event and does nothing with it: what a projection can't be faster than.
public enum LogScan {
    /// Gives the number of events that could be decoded.
    public static func decodeAll(_ log: EventLog) throws -> Int {
        var position: Int64 = 0
        var decoded = 0
        var names: [ReplayedEvent.Numbers: ReplayedEvent.Names] = [:]
        while position < log.head {
            let before = position
            try log.replay(after: position, limit: 20_000) { event in
                position = event.position
                if let reading = event.withData({ EventCoding.canonicalReading(schema: event.schema, data: $0) }) {
                    decoded += reading.value.isFinite ? 1 : 0
                    return
                }
                let known = try names[event.numbers] ?? event.names()
                names[event.numbers] = known
                if EventCoding.decode(try event.recorded(known)) != nil { decoded += 1 }
            }
            if position == before { break }
        }
        return decoded
    }
}
