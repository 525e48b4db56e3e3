import GRDB

/// Recomputes both hash chains over a whole log, and checks that positions and versions have no gap. Reads page by page, so
/// that it disturbs nobody; memory grows with the number of streams only. Whatever stands in the file must not stop the
/// program, so arithmetic on its numbers wraps.
struct LogVerifier {
    private let reader: LogReader
    /// In the order of their positions.
    private let known: [LogHead]
    private let progress: ((VerificationProgress) -> Void)?

    private var form = CanonicalForm()
    private var head: LogHead
    private var events: Int64 = 0
    private var anchors: [Chain: Anchor] = [:]
    private var versions: [ExactText: Int64] = [:]
    /// The versions from which streams go on behind the anchor.
    private var prunedVersions: [ExactText: Int64] = [:]
    private var knownChecked = 0
    private var firstStray: Int64?

    private struct Anchor {
        var position: Int64
        var pruned: Int64
    }

    private struct Row {
        var event: RecordedEvent
        var salt: [UInt8]
        var digest: [UInt8]?
    }

    private enum Page {
        case rows([Row])
        case fault(VerificationFault, before: [Row])
    }

    private static let pageSize = 1000

    /// `known` are heads that were kept from earlier, from the same log.
    init(
        reader: LogReader, known: [LogHead], progress: ((VerificationProgress) -> Void)?
    ) throws(EventLogError) {
        self.reader = reader
        self.known = known.sorted { $0.position < $1.position }
        self.progress = progress
        let identity = try reader.read(LogSchema.identity)
        let none = ChainHead(chain: .journal, position: 0, hash: [])
        head = LogHead(
            identity: identity, position: 0, journal: none,
            telemetry: ChainHead(chain: .telemetry, position: 0, hash: []))
    }

    /// Checks everything up to the head that the log has at the beginning.
    ///
    /// While it runs telemetry may be pruned, and what went before it was read would look like a fault. Then the anchor has
    /// moved, and everything is checked again from there.
    mutating func run() throws(EventLogError) -> VerificationReport {
        let beginning = self
        while true {
            let fault = try check()
            guard fault != nil, let start = anchors[.telemetry]?.position, try anchorPosition() > start else {
                return VerificationReport(head: head, events: events, fault: fault)
            }
            self = beginning
        }
    }

    private func anchorPosition() throws(EventLogError) -> Int64 {
        try reader.read { database in
            try Int64.fetchOne(
                database, sql: "SELECT anchor_position FROM chain WHERE id = ?",
                arguments: [Chain.telemetry.rawValue]) ?? 0
        }
    }

    private mutating func check() throws(EventLogError) -> VerificationFault? {
        if known.contains(where: { $0.identity != head.identity }) {
            return VerificationFault(position: nil, reason: .differentLog)
        }
        let stored = try readAnchors()
        if let fault = checkGenesis() { return fault }
        var gap: Int64 = 0
        while head.position < stored.position {
            let page = try read(after: head.position, upTo: stored.position)
            let rows: [Row]
            var pending: VerificationFault?
            switch page {
            case .rows(let all): rows = all
            case .fault(let fault, let before):
                rows = before
                pending = fault
            }
            for row in rows {
                if let fault = checkKnown(before: row.event.position) ?? check(row, gap: &gap) { return fault }
            }
            if let pending { return pending }
            progress?(VerificationProgress(position: head.position, head: stored.position))
            if rows.isEmpty { break }
        }
        return checkEnd(stored, gap: gap)
    }
}

// MARK: - One event

extension LogVerifier {
    private mutating func check(_ row: Row, gap: inout Int64) -> VerificationFault? {
        let event = row.event
        let next = head.position &+ 1
        if event.position != next {
            // Only telemetry is pruned, and only up to its anchor; how many went is counted at the end.
            guard event.position &- 1 <= anchors[.telemetry]?.position ?? 0 else {
                return VerificationFault(
                    position: max(next, (anchors[.telemetry]?.position ?? 0) &+ 1), reason: .missing)
            }
            gap &+= event.position &- next
        }
        guard event.chain == .journal || event.position > anchors[.telemetry]?.position ?? 0 else {
            return VerificationFault(position: event.position, reason: .differentHistory)
        }
        if let fault = checkVersion(of: event) { return fault }
        guard let link = link(of: row), link.bytes == event.hash else {
            return VerificationFault(position: event.position, reason: .wrongHash)
        }
        versions[ExactText(event.stream)] = event.version
        head.position = event.position
        head[event.chain] = ChainHead(chain: event.chain, position: event.position, hash: event.hash)
        events += 1
        return nil
    }

    /// Before the anchor a stream may have lost telemetry between events of the journal; behind it nothing may be missing.
    private func checkVersion(of event: RecordedEvent) -> VerificationFault? {
        let stream = ExactText(event.stream)
        let last = versions[stream] ?? 0
        let isBeforeAnchor = event.position < anchors[.telemetry]?.position ?? 0
        let expected = (isBeforeAnchor ? last : max(last, prunedVersions[stream] ?? 0)) &+ 1
        guard event.version == expected || isBeforeAnchor && event.version > expected else {
            return VerificationFault(
                position: event.position,
                reason: .wrongVersion(stream: event.stream, expected: expected, found: event.version))
        }
        return nil
    }

    private mutating func link(of row: Row) -> EventHash? {
        let event = row.event
        guard let previous = EventHash(bytes: head[event.chain].hash), let salt = Salt(bytes: row.salt) else {
            return nil
        }
        let content: EventHash
        if let digest = row.digest {
            // Of an erased event nothing may be left that its hash doesn't cover.
            guard event.data.isEmpty, event.metadata.clientID == nil, event.metadata.actor.isEmpty,
                let hash = EventHash(bytes: digest)
            else { return nil }
            content = hash
        } else {
            content = form.content(salt: salt, metadata: event.metadata, data: event.data)
        }
        let header = NewEvent(
            id: event.id, stream: event.stream, chain: event.chain, type: event.type, schema: event.schema,
            time: event.time, metadata: event.metadata, data: [])
        return form.link(
            after: previous, event: header, position: event.position, version: event.version, recorded: event.recorded,
            content: content)
    }
}

// MARK: - Both ends

extension LogVerifier {
    /// Reads where the chains begin, and returns the head that the log says it has.
    private mutating func readAnchors() throws(EventLogError) -> LogHead {
        let identity = head.identity
        let (stored, rows, pruned, stray) = try reader.read { database in
            let stored = try LogSchema.head(database, identity: identity)
            let rows = try GRDB.Row.fetchAll(
                database, sql: "SELECT id, anchor_position, anchor_hash, pruned FROM chain")
            let streams = try GRDB.Row.fetchAll(database, sql: "SELECT name, pruned FROM stream WHERE pruned > 0")
            return (
                stored,
                rows.map {
                    (chain: $0[0] as Int, position: $0[1] as Int64, hash: $0[2] as Blob, pruned: $0[3] as Int64)
                },
                streams.map { (name: $0[0] as String, version: $0[1] as Int64) },
                // Outside of the positions that are checked, where only somebody else can have put it.
                try Int64.fetchOne(
                    database,
                    sql: """
                        SELECT * FROM (SELECT min(position) AS place FROM event UNION ALL SELECT max(position) FROM event)
                        WHERE place < 1 OR place > ?
                        """, arguments: [stored.position])
            )
        }
        firstStray = stray
        for row in rows {
            guard let chain = Chain(rawValue: row.chain) else { continue }
            anchors[chain] = Anchor(position: row.position, pruned: row.pruned)
            head[chain] = ChainHead(chain: chain, position: row.position, hash: row.hash.bytes)
        }
        for stream in pruned { prunedVersions[ExactText(stream.name)] = stream.version }
        return stored
    }

    /// A chain that nothing was pruned of begins with what follows from the log's identity. The journal is never pruned.
    private func checkGenesis() -> VerificationFault? {
        for chain in Chain.allCases where chain == .journal || anchors[chain]?.position ?? 0 == 0 {
            let genesis = CanonicalForm.genesis(of: chain, identity: head.identity)
            if head[chain].hash != genesis.bytes { return VerificationFault(position: nil, reason: .differentHistory) }
        }
        return nil
    }

    /// Compares with the known heads whose positions are passed.
    private mutating func checkKnown(before next: Int64) -> VerificationFault? {
        while knownChecked < known.count, known[knownChecked].position < next {
            let known = known[knownChecked]
            knownChecked += 1
            // What was pruned since then can't be compared any more.
            let isPruned = known.telemetry.position < anchors[.telemetry]?.position ?? 0
            guard known.journal == head.journal, isPruned || known.telemetry == head.telemetry else {
                return VerificationFault(position: known.position, reason: .differentHistory)
            }
        }
        return nil
    }

    private mutating func checkEnd(_ stored: LogHead, gap: Int64) -> VerificationFault? {
        let last = max(head.position, anchors[.telemetry]?.position ?? 0)
        guard stored.position == last, known.last?.position ?? 0 <= last else {
            return VerificationFault(position: last &+ 1, reason: .cutOff(last: last))
        }
        if let fault = checkKnown(before: .max) { return fault }
        for chain in Chain.allCases where stored[chain] != head[chain] {
            return VerificationFault(position: stored[chain].position, reason: .wrongHash)
        }
        let missing = gap &+ stored.position &- head.position
        guard missing == anchors[.telemetry]?.pruned ?? 0 else {
            return VerificationFault(position: nil, reason: .missing)
        }
        return firstStray.map { VerificationFault(position: $0, reason: .stray) }
    }

    private func read(after position: Int64, upTo last: Int64) throws(EventLogError) -> Page {
        let sql = """
            SELECT \(EventDecoder.verificationColumns) FROM event WHERE position > ?1 AND position <= ?2
            ORDER BY position LIMIT \(LogVerifier.pageSize)
            """
        return try reader.read { database in
            var rows: [Row] = []
            do {
                try reader.decode(database, sql) { statement, decoder in
                    statement.bind(position, at: 1)
                    statement.bind(last, at: 2)
                    while try statement.step() {
                        let event = try decoder.event(from: statement)
                        let digest = statement.isNull(at: 17) ? nil : statement.bytes(at: 17)
                        rows.append(Row(event: event, salt: statement.bytes(at: 16), digest: digest))
                    }
                }
                return .rows(rows)
            } catch let error as EventDecoder.Unreadable {
                let fault = VerificationFault(position: error.position, reason: .unreadable(error.why))
                return .fault(fault, before: rows)
            } catch let error as DatabaseError where error.resultCode == .SQLITE_CORRUPT {
                let next = (rows.last?.event.position ?? position) &+ 1
                let fault = VerificationFault(position: next, reason: .damagedFile(error.message ?? "unknown"))
                return .fault(fault, before: rows)
            }
        }
    }
}
