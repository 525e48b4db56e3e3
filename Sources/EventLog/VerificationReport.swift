/// What checking a whole log found.
public struct VerificationReport: Sendable, Hashable {
    /// The head as computed from the events, up to the fault if there is one.
    public var head: LogHead
    /// The events that were found good.
    public var events: Int64
    /// The first thing that is wrong, or `nil` if the log is whole.
    public var fault: VerificationFault?

    public var isWhole: Bool { fault == nil }

    public init(head: LogHead, events: Int64, fault: VerificationFault?) {
        self.head = head
        self.events = events
        self.fault = fault
    }
}

/// The first place where a log doesn't hold.
public struct VerificationFault: Sendable, Hashable {
    /// The position of the event that is wrong or missing; `nil` if it is not about one event.
    public var position: Int64?
    public var reason: Reason

    public init(position: Int64?, reason: Reason) {
        self.position = position
        self.reason = reason
    }

    public enum Reason: Sendable, Hashable {
        /// No event has this position, although later ones exist.
        case missing
        /// The event doesn't have the next version of its stream.
        case wrongVersion(stream: String, expected: Int64, found: Int64)
        /// The event doesn't fit its hash: it, its order or what comes before it was changed.
        case wrongHash
        /// The event stands where none can be, outside of the log's positions.
        case stray
        /// The event's row can't be read.
        case unreadable(String)
        /// The log ends before a head that was known.
        case cutOff(last: Int64)
        /// The log has another history than a head that was known.
        case differentHistory
        /// It is another log than the one whose head was known.
        case differentLog
        /// The file itself is damaged, in SQLite's words.
        case damagedFile(String)
    }
}

extension VerificationFault: CustomStringConvertible {
    public var description: String {
        let place = position.map { "position \($0): " } ?? ""
        return switch reason {
        case .missing: place + "the event is missing"
        case .wrongVersion(let stream, let expected, let found):
            place + "version \(found) of stream \(stream) where \(expected) comes next"
        case .wrongHash: place + "the event doesn't fit its hash"
        case .stray: place + "the event is not part of the log"
        case .unreadable(let why): place + "the event can't be read: \(why)"
        case .cutOff(let last): place + "the log ends at \(last), before a head that was known"
        case .differentHistory: place + "the log has another history than the head that was known"
        case .differentLog: place + "this is another log than the one whose head was known"
        case .damagedFile(let why): place + "the file is damaged: \(why)"
        }
    }
}

/// How far a check has come.
public struct VerificationProgress: Sendable, Hashable {
    /// The last position that was checked.
    public var position: Int64
    /// The last position that will be.
    public var head: Int64

    public init(position: Int64, head: Int64) {
        self.position = position
        self.head = head
    }
}
