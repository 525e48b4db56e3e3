/// The statements that read events. Each finds its first row by an index and reads on from there, so that a page costs the
/// same in a log of any length.
enum EventQuery {
    /// ?1 position, ?2 limit. The chain stands in the statement itself: only then does SQLite use the journal's own index.
    static func after(chain: Chain?) -> String {
        select("position > ?1 \(condition(chain)) ORDER BY position LIMIT ?2")
    }

    /// ?1 position, ?2 limit; the latest first.
    static func before(chain: Chain?) -> String {
        select("position < ?1 \(condition(chain)) ORDER BY position DESC LIMIT ?2")
    }

    /// ?1 stream, ?2 version, ?3 limit.
    static let streamAfter = select("\(inStream) AND version > ?2 ORDER BY version LIMIT ?3")
    /// ?1 stream, ?2 version, ?3 limit; the latest first.
    static let streamBefore = select("\(inStream) AND version < ?2 ORDER BY version DESC LIMIT ?3")
    /// ?1 position
    static let atPosition = select("position = ?1")
    /// ?1 id
    static let withID = select("id = ?1")
    /// ?1 position; the next event's position and the time at which it was recorded.
    static let recordedFrom = "SELECT position, recorded FROM event WHERE position >= ?1 ORDER BY position LIMIT 1"

    private static let inStream = "stream = (SELECT id FROM stream WHERE name = ?1)"

    private static func condition(_ chain: Chain?) -> String { chain.map { "AND chain = \($0.rawValue)" } ?? "" }

    private static func select(_ rest: String) -> String { "SELECT \(EventDecoder.columns) FROM event WHERE \(rest)" }
}
