extension EventLog {
    /// Hands over the events of a chain in the file of a log, page by page in their order. The file may be in use.
    public static func read(
        file: String, chain: Chain, _ body: ([RecordedEvent]) -> Void
    ) throws(EventLogError) {
        let reader = try LogReader(file: file)
        defer { reader.close() }
        var position: Int64 = 0
        while true {
            let page = try reader.events(after: position, limit: 1000, chain: chain)
            guard let last = page.last else { return }
            body(page)
            position = last.position
        }
    }
}
