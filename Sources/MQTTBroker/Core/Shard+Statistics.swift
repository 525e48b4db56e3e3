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
            figures.sharedSubscriptions += session.pointee.sharedSubscriptions
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

    func clients(withSubscriptions: Bool) -> [ClientInfo] {
        var clients: [ClientInfo] = []
        clients.reserveCapacity(sessionsByClientID.count)
        sessions.forEach { session in
            guard !session.pointee.isLeaving else { return }
            let connection = session.pointee.connection
            var client = ClientInfo(clientID: session.pointee.clientID, context: connection?.pointee.context)
            if withSubscriptions { client.subscriptions = session.pointee.subscriptions.keys.map(\.text).sorted() }
            client.queuedMessages = session.pointee.queue.count
            client.queuedBytes = session.pointee.queuedBytes
            client.inflightMessages = session.pointee.outbound.count
            client.inflightBytes = session.pointee.outbound.bytes
            client.retainedBacklog = session.pointee.retainedBacklog.count
            client.unreportedDrops = session.pointee.unreportedDrops
            client.isStalled = session.pointee.isStalled
            client.isHeldBack = connection.map { $0.pointee.backPressure.gates > 0 } ?? false
            clients.append(client)
        }
        return clients
    }
}
