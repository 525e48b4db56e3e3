/// How many lines of one kind a client can cause: a flood of refusals must not fill the disk and hide what matters.
///
/// Within ten seconds the first five lines with the same message about one client or address are written, and the first
/// hundred with the same message about any. What is left out is counted, and the count told when the time is over.
/// A pure value: time is given.
struct LogBudget {
    /// Lines that were left out.
    struct Omission: Hashable {
        var label: String
        var message: String
        /// `nil` for the lines about any client.
        var client: String?
        var count: Int
    }

    private struct Key: Hashable {
        var label: String
        var message: String
        var client: String?
    }

    private struct Window {
        var end: ContinuousClock.Instant
        var lines = 0
        var omitted = 0
    }

    static let length = Duration.seconds(10)
    static let linesPerClient = 5
    static let linesPerMessage = 100
    /// Kinds of lines counted at one time. While there are more, nothing is written of new ones.
    static let capacity = 10_000

    private var windows: [Key: Window] = [:]
    private var nextEnd: ContinuousClock.Instant?

    /// Whether a line about a client may be written.
    mutating func admit(
        label: String, message: String, client: String, at now: ContinuousClock.Instant
    ) -> Bool {
        let whole = Key(label: label, message: message, client: nil)
        guard take(whole, Self.linesPerMessage, now) else { return false }
        return take(Key(label: label, message: message, client: client), Self.linesPerClient, now)
    }

    /// What was left out in windows that are over now.
    mutating func omissions(at now: ContinuousClock.Instant) -> [Omission] {
        guard let end = nextEnd, end <= now else { return [] }
        var omissions: [Omission] = []
        for (key, window) in windows where window.end <= now {
            windows[key] = nil
            guard window.omitted > 0 else { continue }
            omissions.append(
                Omission(label: key.label, message: key.message, client: key.client, count: window.omitted))
        }
        nextEnd = windows.values.map(\.end).min()
        return omissions.sorted { ($0.message, $0.client ?? "") < ($1.message, $1.client ?? "") }
    }

    private mutating func take(_ key: Key, _ lines: Int, _ now: ContinuousClock.Instant) -> Bool {
        guard windows[key] != nil || windows.count < Self.capacity else { return false }
        let end = now + Self.length
        var window = windows[key] ?? Window(end: end)
        if nextEnd == nil { nextEnd = end }
        window.lines += 1
        let isAdmitted = window.lines <= lines
        if !isAdmitted { window.omitted += 1 }
        windows[key] = window
        return isAdmitted
    }
}
