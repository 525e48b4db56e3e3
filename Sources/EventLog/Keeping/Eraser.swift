import GRDB

/// Blanks what events say of one actor. It lives on the writer's thread.
///
/// What may name a person is hashed apart from the rest of an event: it goes, and its hash takes its place, so that the chain
/// still holds. The salt goes with it, so that nobody can guess a short content from the hash.
struct Eraser {
    private let database: Database
    private let rows: HotStatement
    private let blank: HotStatement

    init(_ database: Database) throws {
        self.database = database
        rows = try HotStatement(
            database, sql: "SELECT salt, client, data FROM event WHERE position = ?1 AND digest IS NULL")
        blank = try HotStatement(
            database,
            sql: """
                UPDATE event SET digest = ?2, actor = ?3, client = NULL, salt = NULL, data = x'' WHERE position = ?1
                """)
    }

    /// Blanks the events at these positions, which are all by this actor, and returns how many were not blank yet.
    func erase(_ positions: [Int64], of actor: String) throws -> Int {
        let names = try NameTables(database)
        let nobody = try names.findSymbol("") ?? names.insertSymbol("")
        var form = CanonicalForm()
        var count = 0
        for position in positions {
            guard let digest = try digest(of: position, actor: actor, &form) else { continue }
            try digest.withUnsafeBytes { digest in
                blank.bind(position, at: 1)
                blank.bind(digest, at: 2)
                blank.bind(nobody, at: 3)
                defer { blank.reset() }
                _ = try blank.step()
            }
            count += 1
        }
        return count
    }

    private func digest(of position: Int64, actor: String, _ form: inout CanonicalForm) throws -> EventHash? {
        rows.bind(position, at: 1)
        defer { rows.reset() }
        guard try rows.step() else { return nil }
        guard let salt = Salt(bytes: rows.bytes(at: 0)) else {
            throw EventLogError.corrupt("the event at position \(position) has a salt of a wrong size")
        }
        let metadata = EventMetadata(actor: actor, channel: "", clientID: rows.text(at: 1))
        return form.content(salt: salt, metadata: metadata, data: rows.bytes(at: 2))
    }

    /// Takes the actor's name out of the table of names. Its number stays taken, because readers remember what they learnt.
    func forget(_ symbol: Int64) throws {
        try database.execute(
            sql: "UPDATE symbol SET text = 'erased ' || id || ' ' || hex(randomblob(8)) WHERE id = ?",
            arguments: [symbol])
    }
}
