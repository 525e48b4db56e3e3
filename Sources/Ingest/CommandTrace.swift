import EventLog

/// Ties the events of gate commands together: all of them carry the request's id as correlation and their predecessor's
/// as causation.
struct CommandTraces {
    /// What is remembered of one command.
    struct Trace {
        var request: EventID
        var latest: EventID
        var reply: ReplyAddress?
        /// The distributed trace of the request, which all that follows from it bears.
        var context: TraceContext?
        /// The position of the first event, 0 until it is on disk.
        var position: Int64 = 0
    }

    private let capacity: Int
    private var traces: [String: Trace] = [:]
    private var order: [String] = []

    /// - Parameter capacity: How many commands are remembered; the oldest go first.
    init(capacity: Int = 1000) { self.capacity = capacity }

    subscript(commandID: String) -> Trace? { traces[commandID] }

    mutating func begin(
        _ commandID: String, event: EventID, reply: ReplyAddress?, context: TraceContext? = nil, position: Int64 = 0
    ) {
        let trace = Trace(request: event, latest: event, reply: reply, context: context, position: position)
        if traces.updateValue(trace, forKey: commandID) == nil {
            order.append(commandID)
        }
        guard order.count > capacity * 2 else { return }
        for old in order.prefix(capacity) { traces[old] = nil }
        order.removeFirst(capacity)
    }

    mutating func advance(_ commandID: String, to event: EventID) { traces[commandID]?.latest = event }

    mutating func place(_ commandID: String, at position: Int64) {
        if traces[commandID]?.position == 0 { traces[commandID]?.position = position }
    }
}
