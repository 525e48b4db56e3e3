import EventLog
import GarageDomain
import MQTTBroker

/// An input on its way to the disk, with everything that is to happen once it is there.
struct Entry: Sendable {
    var token: UInt64
    var input: Input
    var origin: Origin
    /// When the input came in; a retry decides again with the same time.
    var time: Timestamp
    /// The acknowledgement that waits for the commit.
    var ticket: HoldTicket?
    /// Who waits for the outcome of a command.
    var waiter: Waiter?
    var decision: Decision
    var eventIDs: [EventID]

    /// Called once with what became of the entry.
    typealias Waiter = @Sendable (Settlement) -> Void

    /// What became of an entry.
    enum Settlement: Sendable {
        /// Its events are on disk at these positions.
        case committed(verdict: CommandVerdict?, positions: [Int64], firstPosition: Int64)
        case failed(AppendError)
    }
}
