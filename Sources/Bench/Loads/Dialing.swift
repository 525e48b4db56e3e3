/// Which connection to open next, so that only a few wait for their CONNACK at a time.
struct Dialing {
    private static let atOnce = 64

    private let total: Int
    private var started = 0
    private(set) var connected = 0

    init(total: Int) { self.total = total }

    var isDone: Bool { connected == total }

    /// The connection to open now, if there is room for one.
    mutating func next() -> Int? {
        guard started < total, started - connected < Self.atOnce else { return nil }
        defer { started += 1 }
        return started
    }

    mutating func noteConnected() { connected += 1 }
}
