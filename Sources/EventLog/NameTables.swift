import GRDB

/// The side tables that give streams and symbols their numbers, as the writer uses them. Texts are bound with their length,
/// so that a zero byte in one doesn't end it.
struct NameTables {
    private let database: Database
    private let selectStream: HotStatement
    private let addStream: HotStatement
    private let selectSymbol: HotStatement
    private let addSymbol: HotStatement

    init(_ database: Database) throws {
        self.database = database
        selectStream = try HotStatement(
            database,
            sql: """
                SELECT id, max(pruned, ifnull((SELECT max(version) FROM event WHERE event.stream = stream.id), 0))
                FROM stream WHERE name = ?1
                """)
        addStream = try HotStatement(database, sql: "INSERT INTO stream (name) VALUES (?1)")
        selectSymbol = try HotStatement(database, sql: "SELECT id FROM symbol WHERE text = ?1")
        addSymbol = try HotStatement(database, sql: "INSERT INTO symbol (text) VALUES (?1)")
    }

    /// The number and the last version of a stream, if it exists.
    func findStream(_ name: String) throws -> (id: Int64, version: Int64)? {
        selectStream.bind(name, at: 1)
        defer { selectStream.reset() }
        return try selectStream.step() ? (selectStream.integer(at: 0), selectStream.integer(at: 1)) : nil
    }

    func insertStream(_ name: String) throws -> Int64 { try insert(name, with: addStream) }

    func findSymbol(_ text: String) throws -> Int64? {
        selectSymbol.bind(text, at: 1)
        defer { selectSymbol.reset() }
        return try selectSymbol.step() ? selectSymbol.integer(at: 0) : nil
    }

    func insertSymbol(_ text: String) throws -> Int64 { try insert(text, with: addSymbol) }

    private func insert(_ text: String, with statement: HotStatement) throws -> Int64 {
        statement.bind(text, at: 1)
        defer { statement.reset() }
        _ = try statement.step()
        return database.lastInsertedRowID
    }
}
