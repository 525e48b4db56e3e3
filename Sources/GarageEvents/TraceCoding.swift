public import EventLog

/// How an event's trace context is kept: as the last members of its data, `traceparent` and `tracestate`, so that it is
/// hashed, and erased, with them. Neither has a byte that JSON escapes.
public enum TraceCoding {
    private static let parentName = Array("\"traceparent\":\"".utf8)
    private static let stateName = Array("\",\"tracestate\":\"".utf8)

    /// The data with the context as its last members.
    static func data(_ data: [UInt8], with trace: TraceContext?) -> [UInt8] {
        guard let trace, data.last == UInt8(ascii: "}") else { return data }
        var data = data
        data.removeLast()
        if data.last != UInt8(ascii: "{") { data.append(UInt8(ascii: ",")) }
        data += parentName + Array(trace.traceparent.utf8)
        if let state = trace.tracestate { data += stateName + Array(state.utf8) }
        data += Array("\"}".utf8)
        return data
    }

    /// The context at the end of an event's data, and the data without it.
    public static func split(_ data: [UInt8]) -> (data: [UInt8], trace: TraceContext?) {
        guard data.suffix(2).elementsEqual("\"}".utf8), let start = start(in: data) else { return (data, nil) }
        let members = data[(start + parentName.count)..<(data.count - 2)]
        guard let (parent, state) = halves(of: members),
            let trace = TraceContext(
                traceparent: String(decoding: parent, as: UTF8.self),
                tracestate: state.map { String(decoding: $0, as: UTF8.self) })
        else { return (data, nil) }
        var rest = Array(data[..<start])
        if rest.last == UInt8(ascii: ",") { rest.removeLast() }
        rest.append(UInt8(ascii: "}"))
        return (rest, trace)
    }

    /// Where the name of the first member begins: behind a comma or brace, which inside of a text would not be followed by a
    /// plain quote.
    private static func start(in data: [UInt8]) -> Int? {
        // Both members at their longest.
        let first = max(1, data.count - 900)
        guard data.count > first + parentName.count else { return nil }
        return (first..<(data.count - parentName.count)).last { index in
            data[index] == UInt8(ascii: "\"") && data[index..<(index + parentName.count)].elementsEqual(parentName)
                && (data[index - 1] == UInt8(ascii: ",") || data[index - 1] == UInt8(ascii: "{"))
        }
    }

    /// The two values; `nil` if something else is there.
    private static func halves(of members: ArraySlice<UInt8>) -> (ArraySlice<UInt8>, ArraySlice<UInt8>?)? {
        guard let quote = members.firstIndex(of: UInt8(ascii: "\"")) else { return (members, nil) }
        let state = members[quote...]
        guard state.starts(with: stateName) else { return nil }
        return (members[..<quote], state.dropFirst(stateName.count))
    }
}
