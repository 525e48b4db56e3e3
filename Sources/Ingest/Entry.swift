import EventLog
import GarageDomain
import MQTTBroker

/// An input on its way to the disk, with everything that is to happen once it is there.
struct Entry: Sendable {
    var token: UInt64
    /// `nil` for a message that comes again: nothing is decided on it, and its acknowledgement waits for the first one's
    /// commit.
    var input: Input?
    var origin: Origin
    /// Of which message it is, if that has an identity.
    var message: EventNumbering?
    /// When the input came in; a retry decides again with the same time.
    var time: Timestamp
    /// The acknowledgement that waits for the commit.
    var ticket: HoldTicket?
    /// The topic that it was reported on, until that is counted; an input that is decided on again counts once.
    var report: ReportTopic?
    /// Who waits for the outcome of a command.
    var waiter: Waiter?
    var decision: Decision

    /// Called once with what became of the entry.
    typealias Waiter = @Sendable (Settlement) -> Void

    /// What became of an entry.
    enum Settlement: Sendable {
        /// Its events are on disk at these positions.
        case committed(verdict: CommandVerdict?, positions: [Int64], firstPosition: Int64)
        case failed(AppendError)
    }
}

/// Numbers the events of a message, of which one may bring several observations.
struct EventNumbering: Sendable {
    let message: MessageID
    /// Which of the message's observations it is, from 0.
    let observation: Int

    /// The events that one observation can have an id of the message's for.
    private static let eventsEach = 8

    /// The id of the observation's event with this number, from 0; `nil` if there is none left.
    func event(_ number: Int) -> EventID? {
        guard number < EventNumbering.eventsEach else { return nil }
        return message.event(observation * EventNumbering.eventsEach + number)
    }
}
