import EventLog
import GarageDomain
import Testing

@testable import GarageEvents

@Suite("Trace contexts in the log")
struct TraceCodingTests {
    static let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

    @Test(arguments: EventType.allCases, [nil, "a=1,b=2"] as [String?])
    func everyEventKeepsItsContextAndItsBody(type: EventType, state: String?) throws {
        let event = DomainEvent(EventCodingTests.front, Examples.body(of: type))
        let trace = try #require(TraceContext(traceparent: Self.parent, tracestate: state))
        let plain = EventCoding.encode(
            event, id: EventID(high: 1, low: 2), time: 5, metadata: EventMetadata(actor: "a", channel: "http"))
        let traced = EventCoding.encode(
            event, id: EventID(high: 1, low: 2), time: 5,
            metadata: EventMetadata(actor: "a", channel: "http", trace: trace))
        let (data, found) = TraceCoding.split(traced.data)
        #expect(found == trace)
        #expect(data == plain.data)
        #expect(EventCoding.body(type: traced.type, schema: traced.schema, data: traced.data) == event.body)
        #expect(TraceCoding.split(plain.data).trace == nil)
    }

    @Test(arguments: [
        "", "}", "\"}", "{}", #"{"text":"x,\"traceparent\":\"00"}"#, #"{"traceparent":"no"}"#, #"{"traceparent":""}"#,
        #"{"a":1,"traceparent":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01","b":"c"}"#,
    ])
    func whatOnlyLooksLikeOneIsNone(text: String) {
        let (data, trace) = TraceCoding.split(Array(text.utf8))
        #expect(trace == nil)
        #expect(data == Array(text.utf8))
    }
}
