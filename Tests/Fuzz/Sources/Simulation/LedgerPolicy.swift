import MQTTBroker
import MQTTCodec

/// Tells the ledger what the broker does, and holds the acknowledgements of some topics.
///
/// Unchecked: a simulation runs on one thread.
final class LedgerPolicy: BrokerPolicy, @unchecked Sendable {
    private let ledger: Ledger

    init(_ ledger: Ledger) {
        self.ledger = ledger
    }

    func authenticate(_ request: ConnectRequest) -> Authentication {
        if let model = ledger.requests[request.remoteAddress] {
            ledger.authenticating(model.client, cleanStart: request.cleanStart)
        }
        return .accepted(.anonymous)
    }

    func inspect(_ publish: borrowing PublishInspection) -> PublishVerdict {
        ledger.accept(publish)
        guard publish.topic.first == UInt8(ascii: "h"), publish.qos != .atMostOnce, !publish.isWill else {
            return .forward
        }
        let ticket = publish.ticket
        ledger.tickets[Int(ticket.shard)].append(ticket)
        return .hold(retained: false)
    }

    func observe(_ event: SessionEvent) {
        ledger.observe(event)
    }
}
