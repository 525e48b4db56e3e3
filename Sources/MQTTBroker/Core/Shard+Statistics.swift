import DequeModule
import Synchronization

extension Shard {
    /// The counters, with the gauges of this moment. Retained messages are common to all shards: the first reports them.
    func currentStatistics() -> BrokerStatistics {
        var figures = statistics
        figures.connections = connections.count
        figures.sessions = sessionsByClientID.count
        sessions.forEach { session in
            guard !session.pointee.isLeaving else { return }
            figures.subscriptions += session.pointee.subscriptions.count
            figures.queuedMessages += session.pointee.queue.count
            figures.queuedBytes += session.pointee.queuedBytes
            figures.inflightMessages += session.pointee.outbound.count
            if session.pointee.connection != nil { figures.connectedClients += 1 }
        }
        if index == 0 {
            figures.peakConnections = hub.peakConnections.load(ordering: .relaxed)
            hub.retained.withLock {
                figures.retainedMessages = $0.count
                figures.retainedBytes = $0.bytes
            }
        }
        return figures
    }

    func clients() -> [ClientInfo] {
        var clients: [ClientInfo] = []
        sessions.forEach { session in
            guard !session.pointee.isLeaving else { return }
            clients.append(
                ClientInfo(
                    clientID: session.pointee.clientID, context: session.pointee.connection?.pointee.context,
                    subscriptions: session.pointee.subscriptions.keys.map(\.text).sorted(),
                    queuedMessages: session.pointee.queue.count, inflightMessages: session.pointee.outbound.count))
        }
        return clients
    }
}
