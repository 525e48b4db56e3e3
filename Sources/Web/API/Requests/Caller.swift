import EventLog
import Hummingbird

/// Who sends a request, as the log will name it.
enum Caller {
    /// Everyone is anonymous to a service without users. The command line names itself, so that the log can tell a person
    /// at a terminal from a program; who comes from elsewhere can't take its name.
    static func origin(_ request: Request) -> EventMetadata {
        let isOfThisMachine = CallerIdentity.current == .commandLine || CallerIdentity.current == .local
        let isCommandLine = isOfThisMachine && request.headers[named: "Garage-Channel"] == "cli"
        return EventMetadata(actor: "anonymous", channel: isCommandLine ? "cli" : "http", trace: trace(request))
    }

    /// The trace that the request belongs to (W3C Trace Context). Several `tracestate` headers are one list.
    private static func trace(_ request: Request) -> TraceContext? {
        // Two `traceparent` headers are joined with a comma, and so are none.
        TraceContext(
            traceparent: request.headers[named: "traceparent"], tracestate: request.headers[named: "tracestate"])
    }
}
