import EventLog
import GarageDomain
public import MQTTBroker
import Synchronization

extension Ingest {
    /// Whether a publish with QoS 1 or 2 was taken before and comes again because the client saw no acknowledgement.
    func recognise(_ publish: borrowing PublishInspection, _ observations: [Observation]) -> ResendBook.Verdict {
        let clientID = publish.client.clientID
        let mark = MessageMark(
            packetID: publish.packetID, clientID: clientID, topic: publish.topic, payload: publish.payload,
            key: log.identity.bytes)
        let states = observations.compactMap { $0.isReading ? nil : $0.subject }
        let duplicate = publish.duplicate
        let now = options.clock()
        return resends.withLock {
            $0.take(mark, from: clientID, isDuplicate: duplicate, states: states, at: now)
        }
    }

    public func sessionBegan(_ client: ClientContext) { resends.withLock { $0.forget(client.clientID) } }
}

extension ResendBook {
    /// The book of the last messages that a log has, so that a restart changes nothing.
    init(_ log: EventLog) throws {
        self.init()
        let first = max(0, log.head - Int64(ResendBook.capacity))
        var book = self
        try log.replay(after: first, limit: ResendBook.capacity) { event in
            if let id = event.id, let clientID = event.clientID { book.recall(id, from: clientID) }
        }
        self = book
    }
}

extension Observation {
    /// Whether it is recorded each time it is reported, unlike a state, which is recorded when it changes.
    fileprivate var isReading: Bool {
        switch self {
        case .reading, .fault: true
        case .gateState, .obstruction, .spot, .deviceStatus: false
        }
    }
}
