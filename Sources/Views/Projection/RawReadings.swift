import EventLog
import GRDB
import GarageDomain

/// Projects every reading by time, and the last one of each sensor's quantity.
struct RawReadings: Projection {
    static let tables = """
        CREATE TABLE series(
            id INTEGER PRIMARY KEY, garage TEXT NOT NULL, sensor TEXT NOT NULL, quantity TEXT NOT NULL,
            value REAL NOT NULL, time INTEGER NOT NULL, UNIQUE (garage, sensor, quantity)
        ) STRICT;
        CREATE TABLE reading(
            series INTEGER NOT NULL, time INTEGER NOT NULL, position INTEGER NOT NULL, value REAL NOT NULL,
            PRIMARY KEY (series, time, position)
        ) STRICT, WITHOUT ROWID;
        """

    private struct Latest {
        var value: Double
        var time: Int64
        var isChanged: Bool
    }

    private var numbering: SeriesNumbering
    /// The series with the number n stands at n - 1.
    private var latest: [Latest] = []

    init(_ database: Database) throws {
        numbering = try SeriesNumbering(database, schema: "main")
        let rows = try Row.fetchCursor(database, sql: "SELECT value, time FROM series ORDER BY id")
        while let row = try rows.next() { latest.append(Latest(value: row[0], time: row[1], isChanged: false)) }
    }

    mutating func apply(_ events: ArraySlice<ProjectedEvent>, _ database: Database) throws {
        let insert = try HotStatement(
            database, sql: "INSERT INTO reading(series, time, position, value) VALUES (?1, ?2, ?3, ?4)")
        var page: [[(time: Int64, position: Int64, value: Double)]] = []
        for event in events {
            guard case .reading(let reading) = event.content,
                let index = numbering.index(of: reading.quantity, of: event.key)
            else { continue }
            if index == latest.count {
                guard let sensor = event.key.subject else { continue }
                latest.append(Latest(value: reading.value, time: event.time, isChanged: false))
                try database.execute(
                    sql: "INSERT INTO series(id, garage, sensor, quantity, value, time) VALUES (?, ?, ?, ?, ?, ?)",
                    arguments: [
                        index + 1, sensor.garage.text, sensor.name.text, reading.quantity.rawValue, reading.value,
                        event.time,
                    ])
            }
            latest[index] = Latest(value: reading.value, time: event.time, isChanged: true)
            while page.count <= index { page.append([]) }
            page[index].append((event.time, event.position, reading.value))
        }
        // Series by series, because rows that lie beside each other go in faster than rows by turns.
        for index in page.indices where !page[index].isEmpty {
            insert.bind(Int64(index) + 1, at: 1)
            for (time, position, value) in page[index] {
                insert.bind(time, at: 2)
                insert.bind(position, at: 3)
                insert.bind(value, at: 4)
                try insert.run()
            }
        }
        let update = try HotStatement(database, sql: "UPDATE series SET value = ?2, time = ?3 WHERE id = ?1")
        for index in latest.indices where latest[index].isChanged {
            latest[index].isChanged = false
            update.bind(Int64(index) + 1, at: 1)
            update.bind(latest[index].value, at: 2)
            update.bind(latest[index].time, at: 3)
            try update.run()
        }
    }
}
