import GRDB
import GarageDomain

/// Numbers each quantity of each sensor in the order of their first readings.
struct SeriesNumbering {
    private struct Name: Hashable {
        var sensor: Subject
        var quantity: Quantity
    }

    private var indices: [Name: Int] = [:]
    /// By key and quantity, so that a reading costs no hashing.
    private var indexOfKey: [Int?] = []

    /// Numbers as they stand in the table `series` of a database on the connection.
    init(_ database: Database, schema: String) throws {
        let rows = try Row.fetchCursor(
            database, sql: "SELECT id, garage, sensor, quantity FROM \(schema).series ORDER BY id")
        while let row = try rows.next() {
            guard let sensor = Subject(kind: .sensor, garage: row[1], name: row[2]),
                let quantity = Quantity(rawValue: row[3])
            else { continue }
            indices[Name(sensor: sensor, quantity: quantity)] = (row[0] as Int) - 1
        }
    }

    /// The series' number less one; that of a series met for the first time is one more than the last.
    mutating func index(of quantity: Quantity, of key: EventKey) -> Int? {
        let slot = key.index * Quantity.allCases.count + (Quantity.allCases.firstIndex(of: quantity) ?? 0)
        if slot < indexOfKey.count, let index = indexOfKey[slot] { return index }
        guard let sensor = key.subject else { return nil }
        while indexOfKey.count <= slot { indexOfKey.append(nil) }
        let name = Name(sensor: sensor, quantity: quantity)
        let index = indices[name] ?? indices.count
        indices[name] = index
        indexOfKey[slot] = index
        return index
    }
}
