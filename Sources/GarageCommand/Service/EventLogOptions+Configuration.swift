import EventLog
import Foundation
import GarageConfiguration

extension EventLogOptions {
    /// What the service's configuration means for the event log.
    init(_ configuration: ServiceConfiguration) {
        self.init()
        telemetryAge = configuration.telemetryDays > 0 ? .seconds(configuration.telemetryDays * 86_400) : nil
        #if DEBUG
            addFaultPoint(folder: configuration.dataDirectory)
        #endif
    }

    #if DEBUG
        /// For tests of a debug build: `GARAGE_FAULT_POINT=before-commit` or `after-commit` kills the process at that place of
        /// the first commit after a file `fault-now` appears in the data folder.
        private mutating func addFaultPoint(folder: String) {
            let die: @Sendable () -> Void = {
                if access(folder + "/fault-now", F_OK) == 0 { kill(getpid(), SIGKILL) }
            }
            switch ProcessInfo.processInfo.environment["GARAGE_FAULT_POINT"] {
            case "before-commit": beforeCommit = die
            case "after-commit": afterCommit = die
            default: break
            }
        }
    #endif
}
