/// A set of events that are appended together or not at all.
public struct AppendRequest: Sendable {
    /// The events in order; may be empty, and then the request succeeds once everything queued before it is on disk.
    public var events: [NewEvent]
    /// What must hold for the streams named here; streams not named are not checked.
    public var expectations: [(stream: String, version: ExpectedVersion)]
    /// The log's generation when its sender last saw a state that it decided on; the request fails with
    /// ``AppendError/storage(_:)`` once a commit has failed since. So a sender that decides on top of events that are not
    /// on disk yet never has a decision stored whose grounds were lost. `nil` leaves it unchecked.
    public var generation: UInt64?

    public init(
        events: [NewEvent], expectations: [(stream: String, version: ExpectedVersion)] = [], generation: UInt64? = nil
    ) {
        self.events = events
        self.expectations = expectations
        self.generation = generation
    }
}

/// What a writer expects of a stream, so that it can't overwrite a decision that it has not seen.
public enum ExpectedVersion: Sendable, Hashable {
    case any
    /// The stream has no event yet.
    case noStream
    /// The stream has at least one event.
    case exists
    /// The stream's last event has this version; 0 means that it has none.
    case exact(Int64)
}

/// What the log did with a request.
public struct AppendReceipt: Sendable, Hashable {
    /// The position of each event of the request, in order. An event whose id was in the log already keeps the position
    /// that it had.
    public var positions: [Int64]
    /// The last position that is on disk.
    public var head: Int64

    public init(positions: [Int64], head: Int64) {
        self.positions = positions
        self.head = head
    }
}

/// Why a request was not appended. Nothing of it is in the log.
public enum AppendError: Error, Sendable, Hashable {
    /// The stream was not at the expected version, but at this one.
    case wrongExpectedVersion(stream: String, actual: Int64)
    /// The request breaks a limit of the log, for example the size of an event.
    case invalid(String)
    /// The disk did not take it (full, read-only, failing). The request may be sent again.
    case storage(String)
    /// The log is closed.
    case closed
}

/// Receives the results of appends: one call for each commit, on the writer's thread, so that the receiver makes one hop
/// to its event loop for a whole batch.
public protocol AppendCompletions: AnyObject, Sendable {
    func completed(_ completions: [AppendCompletion])
}

/// The result of one append, named by the token that its sender chose.
public struct AppendCompletion: Sendable {
    public var token: UInt64
    public var result: Result<AppendReceipt, AppendError>

    public init(token: UInt64, result: Result<AppendReceipt, AppendError>) {
        self.token = token
        self.result = result
    }
}
