import Foundation
import Logging

/// Writes log lines to standard error, one for each message.
struct LineLogHandler: LogHandler {
    var metadata: Logger.Metadata = [:]
    /// A level of this logger's own, in place of everyone's.
    private var own: Logger.Level?
    private let label: String
    private let threshold: LogThreshold
    private let limit: LogLimit
    private let form: LogLineForm

    var logLevel: Logger.Level {
        get { own ?? threshold.level }
        set { own = newValue }
    }

    init(label: String, threshold: LogThreshold, limit: LogLimit, form: LogLineForm) {
        self.label = label
        self.threshold = threshold
        self.limit = limit
        self.form = form
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        guard limit.admits(event, label: label) else { return }
        let merged = metadata.merging(event.metadata ?? [:]) { _, new in new }
        let line = form.line(
            event.level, component: label, "\(event.message)",
            merged.sorted { $0.key < $1.key }.map { ($0.key, "\($0.value)") })
        // One write for each line, so that lines of several threads do not mix.
        FileHandle.standardError.write(Data(line.utf8))
    }
}
