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

    /// One command's trace as it is stored; an answer is not owed any more after a restart.
    struct Stored: Codable {
        var commandID: String
        var request: String
        var latest: String
        var position: Int64
    }

    /// The traces in order, the oldest first.
    var stored: [Stored] {
        order.compactMap { id in
            traces[id].map {
                Stored(
                    commandID: id, request: $0.request.description, latest: $0.latest.description,
                    position: $0.position)
            }
        }
    }

    init(stored: [Stored]) {
        self.init()
        for trace in stored {
            guard let request = EventID(trace.request), let latest = EventID(trace.latest) else { continue }
            begin(trace.commandID, event: request, reply: nil, position: trace.position)
            advance(trace.commandID, to: latest)
        }
    }

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
