/// What of the broker's tables a page shows: all of it in its URL.
struct BrokerQuery: Sendable, Hashable {
    /// A table that is shown page by page. The raw value is its name in the URL and on the page.
    enum Table: String, Sendable, Hashable {
        case clients, subscriptions, retained
    }

    /// Where a page begins or ends, by the key of a row, so that rows that come and go do not shift it.
    enum Cursor: Sendable, Hashable {
        case after(String)
        case before(String)
    }

    /// The longest text and key that is taken: a topic has at most 65535 bytes.
    private static let longest = 65_535 * 2 + 1

    /// Rows without this text are left out; empty for none.
    var text = ""
    /// The table that is turned; the others show their first page.
    var table: Table?
    var cursor: Cursor?

    init(_ fields: [(name: String, value: String)] = []) {
        for (name, value) in fields where !value.isEmpty && value.utf8.count <= Self.longest {
            switch name {
            case "q": text = value.cut(to: 200)
            case "table": table = Table(rawValue: value)
            case "after": cursor = .after(value)
            case "before": cursor = .before(value)
            default: continue
            }
        }
    }

    func cursor(of table: Table) -> Cursor? { table == self.table ? cursor : nil }

    /// Whether a row with these texts is shown.
    func matches(_ texts: String?...) -> Bool {
        if text.isEmpty { return true }
        let wanted = text.lowercased()
        return texts.contains { $0?.lowercased().contains(wanted) ?? false }
    }

    /// The fields that give this query back.
    var items: [(name: String, value: String)] {
        var items: [(name: String, value: String)] = []
        if !text.isEmpty { items.append(("q", text)) }
        guard let table, let cursor else { return items }
        items.append(("table", table.rawValue))
        switch cursor {
        case .after(let key): items.append(("after", key))
        case .before(let key): items.append(("before", key))
        }
        return items
    }

    /// The address of the page that shows another part of a table.
    func path(_ table: Table, _ cursor: Cursor) -> String {
        var other = self
        (other.table, other.cursor) = (table, cursor)
        return "/broker?\(FormFields.write(other.items))#\(table.rawValue)"
    }
}

/// A page of rows that are sorted by their keys.
struct KeyedPage<Row> {
    /// The most rows of a page.
    static var size: Int { 100 }

    var rows: ArraySlice<Row>
    /// How many rows there are on all pages.
    var count: Int
    /// The key that the page before this one ends before, and the key that the next one begins after.
    var previous: String?
    var next: String?

    /// - Parameter rows: sorted by `key`, which no two rows share.
    init(_ rows: [Row], at cursor: BrokerQuery.Cursor?, key: (Row) -> String) {
        var range = rows.startIndex..<rows.endIndex
        switch cursor {
        case nil: range = range.prefix(Self.size)
        case .after(let last)?:
            let start = rows.firstIndex { key($0) > last } ?? rows.endIndex
            range = (start..<rows.endIndex).prefix(Self.size)
        case .before(let first)?:
            let end = rows.firstIndex { key($0) >= first } ?? rows.endIndex
            // The first page is a full one, also when rows at its begin are gone.
            range = end <= Self.size ? range.prefix(Self.size) : (rows.startIndex..<end).suffix(Self.size)
        }
        self.rows = rows[range]
        count = rows.count
        if let first = self.rows.first {
            if range.lowerBound > rows.startIndex { previous = key(first) }
        } else if let last = rows.last {
            // Everything after the cursor is gone meanwhile; the way back leads to what is left.
            previous = key(last) + "\u{0}"
        }
        if range.upperBound < rows.endIndex, let last = self.rows.last { next = key(last) }
    }
}
