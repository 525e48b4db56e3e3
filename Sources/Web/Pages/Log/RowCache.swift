import EventLog
import Synchronization
import Views

/// Keeps the HTML of rows of the event log. An event never changes unless it is erased, so neither does its row in a
/// language.
final class RowCache: Sendable {
    private struct Key: Hashable {
        var position: Int64
        var isErased: Bool
        var language: PageLanguage
        var namesGarages: Bool
    }

    private let rows = Mutex<[Key: Markup]>([:])
    /// About 6 MB.
    private static let most = 4096

    /// Forgets all rows, some of which may tell what was erased.
    func clear() { rows.withLock { $0 = [:] } }

    func markup(of row: EventRow, in text: PageText, _ make: () throws -> Markup) rethrows -> Markup {
        let key = Key(
            position: row.event.position, isErased: row.event.isErased, language: text.words.language,
            namesGarages: text.namesGarages)
        if let known = rows.withLock({ $0[key] }) { return known }
        let markup = try make()
        rows.withLock { rows in
            if rows.count >= RowCache.most { rows.removeAll(keepingCapacity: true) }
            rows[key] = markup
        }
        return markup
    }
}
