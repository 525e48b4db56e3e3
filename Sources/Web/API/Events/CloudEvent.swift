import EventLog
import GarageDomain
import GarageEvents
public import Views

/// The form of an event in the API: CloudEvents 1.0, structured JSON.
///
/// `sequence` is the position in the log, `recordedtime` when it was written, `streamversion` its place among the events
/// of its subject; `actor` and `channel` say who caused it and how. Extension names are lower-case letters and digits, as
/// the specification wants them.
public enum CloudEvent {
    /// The event as one line of JSON, `application/cloudevents+json`.
    public static func json(_ row: EventRow) -> [UInt8] {
        var json = JSONWriter()
        write(row, to: &json)
        return json.bytes
    }

    static func write(_ row: EventRow, to json: inout JSONWriter, isWhole: Bool = false) {
        let event = row.event
        let (data, trace) = TraceCoding.split(event.data)
        json.object { json in
            json.member("specversion", "1.0")
            json.member("id", event.id.description)
            json.member("source", source(row))
            json.member("type", event.type)
            json.member("subject", event.stream)
            json.member("time", Timestamp(microseconds: event.time))
            json.member("datacontenttype", "application/json")
            json.member("sequence", String(event.position))
            json.member("streamversion", event.version)
            json.member("schemaversion", Int64(event.schema))
            json.member("recordedtime", Timestamp(microseconds: event.recorded))
            json.member("actor", event.metadata.actor)
            json.member("channel", event.metadata.channel)
            if let client = event.metadata.clientID { json.member("clientid", client) }
            if let correlation = event.metadata.correlation { json.member("correlationid", correlation.description) }
            if let causation = event.metadata.causation { json.member("causationid", causation.description) }
            // The distributed-tracing extension of CloudEvents.
            if let trace {
                json.member("traceparent", trace.traceparent)
                if let state = trace.tracestate { json.member("tracestate", state) }
            }
            if isWhole {
                json.member("chain", event.chain == .journal ? "journal" : "telemetry")
                json.member("hash", hexadecimal(event.hash))
            }
            // CloudEvents' data may be any JSON; of an erased event none is left.
            json.member("data", json: event.isErased ? Array("{}".utf8) : data)
            if event.isErased { json.member("erased", true) }
        }
    }

    private static func source(_ row: EventRow) -> String {
        row.subject.map { "/garages/\($0.garage)" } ?? "/garages"
    }

    private static func hexadecimal(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
