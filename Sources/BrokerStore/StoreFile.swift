import GRDB
import MQTTBroker

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// `broker.db` in a folder.
struct StoreFile {
    let directory: String

    private var path: String { directory + "/" + BrokerStore.fileName }

    /// Opens the file and reads what is in it. One that can't be used is set aside, and a new one made.
    func open(options: StoreOptions) throws(BrokerStoreError) -> (DatabaseQueue, StoreThread.Started) {
        guard exists(path) else {
            let (connection, state) = try make(options)
            return (connection, .init(state: state, setAside: nil))
        }
        do throws(BrokerStoreError) {
            let (connection, state) = try openPatiently(options)
            return (connection, .init(state: state, setAside: nil))
        } catch {
            guard case .unusable(let reason) = error else { throw error }
            let aside = try setAside(at: options.wall())
            let (connection, state) = try make(options)
            return (connection, .init(state: state, setAside: .init(path: aside, reason: reason)))
        }
    }

    /// Opens the file again if the disk fails: one failure is no reason to begin without what clients count on.
    private func openPatiently(_ options: StoreOptions) throws(BrokerStoreError) -> (DatabaseQueue, DurableState) {
        for _ in 0..<StoreFile.tries {
            do throws(BrokerStoreError) {
                return try openExisting(options)
            } catch {
                switch error {
                case .failing, .storage: usleep(options.pauseMicroseconds)
                default: throw error
                }
            }
        }
        do throws(BrokerStoreError) {
            return try openExisting(options)
        } catch {
            guard case .failing(let reason) = error else { throw error }
            throw .unusable(reason: reason)
        }
    }

    private static let tries = 3

    private func openExisting(_ options: StoreOptions) throws(BrokerStoreError) -> (DatabaseQueue, DurableState) {
        do {
            let connection = try DatabaseQueue(path: path, configuration: configuration())
            do {
                let state = try connection.writeWithoutTransaction { database in
                    try StoreSchema.check(database, path: path)
                    try StoreSchema.migrate(database, path: path)
                    try setUp(database)
                    return try StoredState.read(database, DeadlineClock(options))
                }
                return (connection, state)
            } catch {
                try? connection.close()
                throw error
            }
        } catch {
            throw BrokerStoreError(error, path: path)
        }
    }

    /// Makes the file under another name first: whatever interrupts that, a file with the final name is complete.
    private func make(_ options: StoreOptions) throws(BrokerStoreError) -> (DatabaseQueue, DurableState) {
        let new = path + ".new"
        for leftover in [new, new + "-journal", new + "-wal", new + "-shm"] { unlink(leftover) }
        do {
            let connection = try DatabaseQueue(path: new, configuration: configuration())
            try connection.writeWithoutTransaction { try StoreSchema.create($0) }
            try connection.close()
        } catch {
            let reason = (error as? DatabaseError)?.reason ?? "\(error)"
            throw .notWritable(path: path, reason: reason)
        }
        try move(new, to: path)
        return try openExisting(options)
    }

    private func setUp(_ database: Database) throws {
        let mode = try String.fetchOne(database, sql: "PRAGMA journal_mode = WAL")
        guard mode == "wal" else {
            throw BrokerStoreError.notWritable(
                path: path, reason: "it can't use a write-ahead log, but \(mode ?? "nothing")")
        }
        // Set last and read back: with anything less a power loss would take acknowledged messages along.
        try database.execute(sql: "PRAGMA synchronous = FULL")
        let synchronous = try Int.fetchOne(database, sql: "PRAGMA synchronous") ?? -1
        guard synchronous == 2 else {
            throw BrokerStoreError.storage("PRAGMA synchronous is \(synchronous) instead of 2 (FULL)")
        }
        try database.execute(sql: "PRAGMA journal_size_limit = \(16 * 1024 * 1024)")
    }

    private func configuration() -> Configuration {
        var configuration = Configuration()
        configuration.label = "BrokerStore"
        configuration.busyMode = .timeout(5)
        // The writer begins and ends its transactions itself.
        configuration.allowsUnsafeTransactions = true
        configuration.prepareDatabase { database in
            try database.execute(
                sql: """
                    PRAGMA mmap_size = 0;
                    PRAGMA trusted_schema = OFF;
                    PRAGMA temp_store = MEMORY;
                    PRAGMA cache_size = -8192;
                    """)
        }
        return configuration
    }

    // MARK: Files

    private func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    /// Renames the file and what belongs to it. The name says when.
    private func setAside(at microseconds: Int64) throws(BrokerStoreError) -> String {
        var seconds = time_t(microseconds / 1_000_000)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        var text = [CChar](repeating: 0, count: 32)
        let count = strftime(&text, text.count, "%Y%m%dT%H%M%SZ", &parts)
        let stamp = String(decoding: text.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        var aside = path + ".damaged-" + stamp
        var attempt = 1
        while exists(aside) {
            attempt += 1
            aside = path + ".damaged-" + stamp + "-\(attempt)"
        }
        try move(path, to: aside)
        for suffix in ["-wal", "-shm"] where exists(path + suffix) { try move(path + suffix, to: aside + suffix) }
        return aside
    }

    /// Gives a file its final name, and makes that last through a power loss.
    private func move(_ source: String, to target: String) throws(BrokerStoreError) {
        guard rename(source, target) == 0 else {
            throw .notWritable(path: target, reason: String(cString: strerror(errno)))
        }
        let descriptor = Self.openFolder(directory)
        guard descriptor >= 0 else {
            throw .notWritable(path: directory, reason: String(cString: strerror(errno)))
        }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else {
            throw .notWritable(path: directory, reason: String(cString: strerror(errno)))
        }
    }

    private static func openFolder(_ path: String) -> Int32 {
        #if canImport(Glibc)
            Glibc.open(path, O_RDONLY | O_CLOEXEC)
        #elseif canImport(Musl)
            Musl.open(path, O_RDONLY | O_CLOEXEC)
        #else
            Darwin.open(path, O_RDONLY | O_CLOEXEC)
        #endif
    }
}
