import Foundation
import GarageConfiguration
import Logging

/// Writes log lines to standard error as `logfmt` or JSON, one line for each message, with journald's priority in front
/// when systemd reads them.
struct LineLogHandler: LogHandler {
    var metadata: Logger.Metadata = [:]
    /// A level of this logger's own, in place of everyone's.
    private var own: Logger.Level?
    private let label: String
    private let threshold: LogThreshold
    private let limit: LogLimit
    private let format: ServiceConfiguration.LogFormat
    private let writesPriority: Bool

    var logLevel: Logger.Level {
        get { own ?? threshold.level }
        set { own = newValue }
    }

    init(
        label: String, threshold: LogThreshold, limit: LogLimit, format: ServiceConfiguration.LogFormat,
        writesPriority: Bool
    ) {
        self.label = label
        self.threshold = threshold
        self.limit = limit
        self.format = format
        self.writesPriority = writesPriority
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        guard limit.admits(event, label: label) else { return }
        var fields: [(key: String, value: String)] = [
            ("ts", Date().formatted(.iso8601.year().month().day().time(includingFractionalSeconds: true))),
            ("level", event.level.rawValue), ("component", label), ("msg", "\(event.message)"),
        ]
        let merged = metadata.merging(event.metadata ?? [:]) { _, new in new }
        for (key, value) in merged.sorted(by: { $0.key < $1.key }) { fields.append((key, "\(value)")) }
        var line = writesPriority ? "<\(priority(of: event.level))>" : ""
        line += format == .json ? json(fields) : logfmt(fields)
        // One write for each line, so that lines of several threads do not mix.
        FileHandle.standardError.write(Data((line + "\n").utf8))
    }

    private func logfmt(_ fields: [(key: String, value: String)]) -> String {
        fields.map { key, value in
            let plain = value.utf8.allSatisfy {
                $0 > 0x20 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "=") && $0 != 0x7F
            }
            return plain && !value.isEmpty ? "\(key)=\(value)" : "\(key)=\(quoted(value))"
        }.joined(separator: " ")
    }

    private func json(_ fields: [(key: String, value: String)]) -> String {
        "{" + fields.map { "\(quoted($0.key)):\(quoted($0.value))" }.joined(separator: ",") + "}"
    }

    /// A JSON string, so that a client identifier with a line break can't forge a log line.
    private func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case _ where scalar.value < 0x20 || scalar.value == 0x7F:
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }

    /// The priority of `syslog(3)`.
    private func priority(of level: Logger.Level) -> Int {
        switch level {
        case .trace, .debug: 7
        case .info: 6
        case .notice: 5
        case .warning: 4
        case .error: 3
        case .critical: 2
        }
    }
}
