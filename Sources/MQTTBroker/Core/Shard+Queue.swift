import DequeModule
import MQTTCodec

/// Messages that wait for quota, room or a connection, bounded for each session and for all of a shard together. What is
/// under way to a client counts for the bounds of bytes too, as it is kept until the client acknowledges it.
extension Shard {
    /// Puts a message into a session's queue, whose reference it takes over. A full queue loses its newest message, or
    /// its oldest, as the limits say; one that would not fit into an empty queue takes nobody's place.
    /// - Returns: false if it is the new one that is lost.
    @discardableResult
    mutating func put(_ queued: QueuedMessage, in session: SessionPointer) -> Bool {
        let size = queued.message.size
        if let reason = makeRoom(for: size, in: session) {
            drop(session, queued.message.topic, reason)
            discard(queued, of: session)
            return false
        }
        putBack(queued, in: session)
        return true
    }

    /// Puts a message into a session's queue that had its place in one already, whatever the limits have become since.
    mutating func putBack(_ queued: QueuedMessage, in session: SessionPointer) {
        let size = queued.message.size
        var queued = queued
        if session.pointee.key != 0, queued.order == 0, !queued.message.header.pointee.isEphemeral {
            queued.order = record(
                queued.message, for: session, qos: queued.qos, retain: queued.retain, queued.identifiers, packetID: 0)
        }
        session.pointee.queue.append(queued)
        session.pointee.queuedBytes &+= size
        queuedMessages &+= 1
        queuedBytes &+= size
    }

    /// Takes the oldest message out of a session's queue.
    mutating func takeFirst(of session: SessionPointer) -> QueuedMessage? {
        guard let queued = session.pointee.queue.popFirst() else { return nil }
        session.pointee.queuedBytes &-= queued.message.size
        queuedMessages &-= 1
        queuedBytes &-= queued.message.size
        return queued
    }

    /// Empties a session's queue without a word to the store.
    mutating func clearQueue(of session: SessionPointer) {
        while let queued = takeFirst(of: session) { messages.release(queued.message) }
    }

    /// Whether so much is kept for a client that its publishers should wait.
    func isFilling(_ session: SessionPointer) -> Bool {
        let bounds = bounds(of: session)
        return session.pointee.queue.count > bounds.messages / 2 || session.pointee.heldBytes > bounds.bytes / 2
    }

    /// Whether so little is kept for a client that its publishers may go on.
    func hasCaughtUp(_ session: SessionPointer) -> Bool {
        let bounds = bounds(of: session)
        return session.pointee.queue.count <= bounds.messages / 4 && session.pointee.heldBytes <= bounds.bytes / 4
    }

    /// Whether a message that is kept elsewhere too, as retained ones are, should be made another time: what is under way to
    /// the client leaves no room, and its acknowledgements will make some.
    func shouldWait(for size: Int, _ session: SessionPointer) -> Bool {
        guard session.pointee.heldBytes > 0 else { return false }
        return session.pointee.heldBytes &+ size > bounds(of: session).bytes
            || queuedBytes &+ inflightBytes.pointee &+ size > maximumQueuedBytes
    }

    /// Why there is no room for a message that is to be sent at once to a client with nothing under way.
    func lackOfRoom(for size: Int, _ session: SessionPointer) -> DropReason? {
        if session.pointee.heldBytes &+ size > bounds(of: session).bytes { return .queueFull }
        return queuedBytes &+ inflightBytes.pointee &+ size > maximumQueuedBytes ? .brokerFull : nil
    }

    private func bounds(of session: SessionPointer) -> (messages: Int, bytes: Int) {
        guard let terms = session.pointee.terms else {
            return (limits.maximumQueuedMessages, limits.maximumQueuedBytes)
        }
        return (terms.maximumQueuedMessages, terms.maximumQueuedBytes)
    }

    private func isFull(_ session: SessionPointer, for size: Int) -> Bool {
        let bounds = bounds(of: session)
        return session.pointee.queue.count >= bounds.messages || session.pointee.heldBytes &+ size > bounds.bytes
    }

    private func isFull(for size: Int) -> Bool {
        queuedMessages >= maximumQueuedMessages
            || queuedBytes &+ inflightBytes.pointee &+ size > maximumQueuedBytes
    }

    /// - Returns: why there is no room.
    private mutating func makeRoom(for size: Int, in session: SessionPointer) -> DropReason? {
        let isFullHere = isFull(session, for: size)
        guard isFullHere || isFull(for: size) else { return nil }
        guard session.pointee.terms?.queueDrop ?? limits.queueDrop == .oldest else {
            return isFullHere ? .queueFull : .brokerFull
        }
        // Looked at first, so that nothing is lost for a message that does not fit beside what is under way.
        guard session.pointee.outbound.bytes &+ size <= bounds(of: session).bytes else { return .queueFull }
        guard inflightBytes.pointee &+ size <= maximumQueuedBytes else { return .brokerFull }
        // Where a lowered limit has left more than it allows, what comes takes the place of as much and no more is lost.
        var freed = 0
        while isFull(session, for: size), freed < size {
            guard let bytes = dropOldest(of: session, .queueFull) else { return .queueFull }
            freed &+= bytes
        }
        while isFull(for: size), freed < size {
            guard let bytes = dropOldest(of: largestQueue() ?? session, .brokerFull) else { return .brokerFull }
            freed &+= bytes
        }
        return nil
    }

    /// - Returns: the bytes that were freed; `nil` if nothing waited.
    private mutating func dropOldest(of session: SessionPointer, _ reason: DropReason) -> Int? {
        guard let oldest = takeFirst(of: session) else { return nil }
        let size = oldest.message.size
        drop(session, oldest.message.topic, reason)
        discard(oldest, of: session)
        return size
    }

    /// The session that takes most of the room; the same one as long as it has much, as looking at all costs time.
    private mutating func largestQueue() -> SessionPointer? {
        if let known = sessions.find(largest.slot, largest.generation),
            known.pointee.queuedBytes >= queuedBytes / max(1, sessions.count),
            known.pointee.queue.count >= queuedMessages / max(1, sessions.count), !known.pointee.queue.isEmpty
        {
            return known
        }
        var found: SessionPointer?
        sessions.forEach { session in
            let isLarger = found.map { $0.pointee.queuedBytes < session.pointee.queuedBytes } ?? true
            if isLarger, !session.pointee.queue.isEmpty { found = session }
        }
        if let found { largest = (found.pointee.slot, found.pointee.generation) }
        return found
    }
}
