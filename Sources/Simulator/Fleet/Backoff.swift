/// The pauses between attempts to connect: they double up to half a minute, each with jitter, so that a fleet does not
/// fall upon a broker that comes back all at once.
struct Backoff: Sendable {
    private static let first: Int64 = 500
    private static let longest: Int64 = 30_000

    private var random: SeededRandom
    private var ceiling = Backoff.first

    init(random: SeededRandom) { self.random = random }

    /// Begins with short pauses again, after a connection that lasted.
    mutating func reset() { ceiling = Backoff.first }

    /// The next pause in milliseconds: between half and all of the present ceiling.
    mutating func next() -> Int64 {
        defer { ceiling = min(ceiling * 2, Backoff.longest) }
        return random.integer(in: ceiling / 2...ceiling)
    }
}
