import GarageDomain

extension QueryReader {
    /// The range of `from` and `to`; without them, the last days until now.
    mutating func timeRange(now: Timestamp, standardDays days: Int64) throws -> (from: Timestamp, to: Timestamp) {
        let (from, to) = (try time("from"), try time("to"))
        let end = to ?? now
        let start = from ?? end.adding(milliseconds: -days * 86_400_000)
        guard start < end else { throw Problem.parameter(from == nil ? "to" : "from", "The range has no length.") }
        return (start, end)
    }

    mutating func garage() throws -> Name? {
        guard let text = try text("garage") else { return nil }
        guard let name = Name(text) else { throw Problem.parameter("garage", "Not a garage's name.") }
        return name
    }
}
