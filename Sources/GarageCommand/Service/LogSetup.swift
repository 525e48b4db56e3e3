import Foundation
import GarageConfiguration
import Logging

/// Directs all log lines of the process to standard error in the configured form.
enum LogSetup {
    static func bootstrap(_ configuration: ServiceConfiguration) {
        let level = Logger.Level(rawValue: configuration.logLevel) ?? .info
        let format = configuration.logFormat
        // systemd sets this when it connects standard error to the journal, which understands a priority in front.
        let writesPriority = ProcessInfo.processInfo.environment["JOURNAL_STREAM"] != nil
        LoggingSystem.bootstrap { label in
            LineLogHandler(label: label, level: level, format: format, writesPriority: writesPriority)
        }
    }
}
