/// Stands for a publish that other shards have to store. Everyone who still has to do so holds on to it; when the last
/// lets go, the publisher's shard is told that it may acknowledge.
final class Receipt: Sendable {
    private let hub: BrokerHub
    private let ticket: HoldTicket

    init(hub: BrokerHub, ticket: HoldTicket) {
        self.hub = hub
        self.ticket = ticket
    }

    deinit {
        hub.postLate(.stored(ticket), to: Int(ticket.shard))
    }
}
