import GarageDomain
import MQTTBroker
import MQTTCodec

/// What is to be done in the world after a commit, in order.
struct Consequences: Sendable {
    var releases: [(HoldTicket, ReasonCode)] = []
    var messages: [LocalMessage] = []
    var directives: [Directive] = []
    var settlements: [(Entry.Waiter, Entry.Settlement)] = []
    /// Set when the disk failed (with the reason) or took writes again.
    var storage: StorageChange?

    enum StorageChange: Sendable {
        case failed(String)
        case recovered
    }
}
