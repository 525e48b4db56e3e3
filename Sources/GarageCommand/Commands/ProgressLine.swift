import Foundation

/// One line on standard error that says how far a long command has come; nothing if that is not a terminal.
final class ProgressLine {
    private let what: String
    private let isShown = isatty(STDERR_FILENO) != 0
    private var shown: ContinuousClock.Instant?

    init(_ what: String) { self.what = what }

    func show(_ done: Int64, of all: Int64) {
        guard isShown else { return }
        let now = ContinuousClock.now
        // Some ten times a second, and at the end.
        if let shown, done < all, now - shown < .milliseconds(100) { return }
        shown = now
        let percent = all > 0 ? Int(Double(done) / Double(all) * 100) : 100
        FileHandle.standardError.write(Data("\r\(what) \(done) of \(all) (\(percent) %)".utf8))
    }

    func end() {
        guard isShown, shown != nil else { return }
        FileHandle.standardError.write(Data("\n".utf8))
    }
}
