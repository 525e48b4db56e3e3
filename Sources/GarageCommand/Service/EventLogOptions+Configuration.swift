import EventLog
import GarageConfiguration

extension EventLogOptions {
    /// What the service's configuration means for the event log.
    init(_ configuration: ServiceConfiguration) {
        self.init()
        telemetryAge = configuration.telemetryDays > 0 ? .seconds(configuration.telemetryDays * 86_400) : nil
    }
}
