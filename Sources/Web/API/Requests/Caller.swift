import EventLog
import Hummingbird

/// Who sends a request, as the log will name it.
enum Caller {
    /// Everyone is anonymous to a service without users. The command line names itself, so that the log can tell a person
    /// at a terminal from a program.
    static func origin(_ request: Request) -> EventMetadata {
        let isCommandLine = request.headers[named: "Garage-Channel"] == "cli"
        return EventMetadata(actor: "anonymous", channel: isCommandLine ? "cli" : "http")
    }
}
