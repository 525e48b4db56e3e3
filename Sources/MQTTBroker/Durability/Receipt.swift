/// Stands for a publish that other shards have to store. Everyone who still has to do so holds on to it; when the last
/// lets go, the publisher's shard is told that it may acknowledge.
///
/// They let go when it is on disk; or, if it is a transfer, as soon as the store has their part of it, which counts only
/// when the publisher's shard says that all have handed over theirs.
final class Receipt: Sendable {
    private let hub: BrokerHub
    private let ticket: HoldTicket
    /// Names the publish in the store; 0 for one that is no transfer.
    let transfer: UInt64

    init(hub: BrokerHub, ticket: HoldTicket, transfer: UInt64) {
        self.hub = hub
        self.ticket = ticket
        self.transfer = transfer
    }

    deinit {
        hub.postLate(.stored(ticket, transfer: transfer), to: Int(ticket.shard))
    }
}
