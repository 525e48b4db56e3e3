import Foundation
import GarageConfiguration
import Logging

/// Directs all log lines of the process to standard error in the configured form.
enum LogSetup {
    /// From which level on lines are written.
    static let threshold = LogThreshold()
    /// Of what clients cause.
    static let limit = LogLimit()

    static func bootstrap(_ configuration: ServiceConfiguration) {
        threshold.set(Logger.Level(rawValue: configuration.logLevel) ?? .info)
        let form = form(configuration)
        LoggingSystem.bootstrap { label in
            LineLogHandler(label: label, threshold: threshold, limit: limit, form: form)
        }
    }

    static func form(_ configuration: ServiceConfiguration) -> LogLineForm {
        // systemd sets this when it connects standard error to the journal, which understands a priority in front.
        let writesPriority = ProcessInfo.processInfo.environment["JOURNAL_STREAM"] != nil
        return LogLineForm(format: configuration.logFormat, writesPriority: writesPriority)
    }
}
