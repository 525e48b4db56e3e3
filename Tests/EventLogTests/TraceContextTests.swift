import EventLog
import Testing

@Suite("Trace contexts")
struct TraceContextTests {
    static let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    static let parent = "00f067aa0ba902b7"
    static let valid = "00-\(trace)-\(parent)-01"

    @Test(arguments: [valid, "00-\(trace)-\(parent)-00", "cc-\(trace)-\(parent)-01", "cc-\(trace)-\(parent)-01-what"])
    func whatIsValidIsTaken(text: String) {
        #expect(TraceContext(traceparent: text)?.traceparent == text)
    }

    @Test(arguments: [
        "", "00", "00-\(trace)-\(parent)", "00-\(trace)-\(parent)-1", "00-\(trace)-\(parent)-01-what",
        "ff-\(trace)-\(parent)-01", "00-00000000000000000000000000000000-\(parent)-01",
        "00-\(trace)-0000000000000000-01", "00-4BF92F3577B34DA6A3CE929D0E0E4736-\(parent)-01",
        "00_\(trace)_\(parent)_01", " \(valid)", "\(valid),\(valid)", "00-\(trace)-\(parent)-0g",
        "cc-\(trace)-\(parent)-01.what", "cc-\(trace)-\(parent)-01-\"", "cc-\(trace)-\(parent)-01-\n",
    ])
    func whatIsMalformedIsNone(text: String) { #expect(TraceContext(traceparent: text) == nil) }

    @Test(arguments: [
        ("a=1", true), ("a=1,b=2", true), ("a=1, b=2", true), ("tenant@vendor=x y", true), ("", false), ("a", false),
        ("a=", false), ("A=1", false), ("a=\"", false), ("a=1=2", false), ("a=\n", false),
        (String(repeating: "a", count: 257) + "=1", false), ("a=" + String(repeating: "1", count: 600), false),
    ])
    func aStateWithoutTheRightFormIsLeftOut(state: String, isValid: Bool) {
        let context = TraceContext(traceparent: Self.valid, tracestate: state)
        #expect(context != nil)
        #expect(context?.tracestate == (isValid ? state : nil))
    }
}
