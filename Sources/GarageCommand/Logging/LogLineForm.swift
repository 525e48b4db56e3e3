import Foundation
import GarageConfiguration
import Logging

/// How a log line is written: as `logfmt` or JSON, with journald's priority in front when systemd reads it.
struct LogLineForm: Sendable {
    typealias Field = (key: String, value: String)

    let format: ServiceConfiguration.LogFormat
    let writesPriority: Bool

    /// The whole line, its end included.
    func line(_ level: Logger.Level, component: String, _ message: String, _ rest: [Field]) -> String {
        let fields: [Field] =
            [
                ("ts", Date().formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))),
                ("level", level.rawValue), ("component", component), ("msg", message),
            ] + rest
        let start = writesPriority ? "<\(priority(of: level))>" : ""
        return start + (format == .json ? json(fields) : logfmt(fields)) + "\n"
    }

    private func logfmt(_ fields: [Field]) -> String {
        fields.map { key, value in
            let plain = value.utf8.allSatisfy {
                $0 > 0x20 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "=") && $0 != 0x7F
            }
            return plain && !value.isEmpty ? "\(key)=\(value)" : "\(key)=\(quoted(value))"
        }.joined(separator: " ")
    }

    private func json(_ fields: [Field]) -> String {
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
