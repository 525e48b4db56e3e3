/// A receiver that does not keep up slows its publishers down instead of losing messages: while bytes pile up for its
/// socket they are not read; while QoS 1 and 2 messages pile up in its queue they get no acknowledgements. Two rules
/// keep clients from waiting for each other in a circle: nobody waits for messages in its own outbox, and nobody waits
/// longer than `stalledReceiverTimeout` for a receiver that makes no progress.
extension Shard {
    /// Decides on a message for a clogged receiver: true lets it through, with its publisher slowed down.
    mutating func admit(
        _ publication: inout Publication, _ connection: ConnectionPointer, _ session: SessionPointer, qos: UInt8,
        _ now: UInt64
    ) -> Bool {
        if !connection.pointee.backPressure.isStalled {
            wait(publication.connection, for: connection, now)
            // Publishers that can't be slowed down must not fill the memory.
            if connection.pointee.outbox.count <= 4 &* limits.outboxHighWater { return true }
        }
        guard qos == 0 else { return true }
        drop(session, publication.topic, .stalledReceiver)
        return false
    }

    /// Notes that many bytes wait for a receiver, and whether they are too many.
    @inline(never)
    mutating func noteLarge(_ connection: ConnectionPointer, publisher: ConnectionPointer?, _ now: UInt64) {
        if !connection.pointee.isLarge {
            connection.pointee.isLarge = true
            large.append(connection.pointee.id)
        }
        if connection.pointee.outbox.count > limits.outboxHighWater { clog(connection, publisher: publisher, now) }
    }

    /// Notes that too many bytes wait for a receiver.
    @inline(never)
    mutating func clog(_ connection: ConnectionPointer, publisher: ConnectionPointer?, _ now: UInt64) {
        if !connection.pointee.backPressure.isClogged {
            connection.pointee.backPressure.isClogged = true
            connection.pointee.backPressure.cloggedSince = now
        }
        wait(publisher, for: connection, now)
    }

    /// The transport takes bytes again, or no longer does.
    mutating func setWritable(_ id: ConnectionID, _ isWritable: Bool, _ now: UInt64) {
        guard let connection = connections.find(id.slot, id.generation) else { return }
        connection.pointee.backPressure.isWritable = isWritable
        if isWritable {
            unclog(connection, now)
            if !connection.pointee.outbox.isEmpty { touch(connection) }
        } else {
            clog(connection, publisher: nil, now)
        }
    }

    /// The transport has taken bytes of the outbox.
    mutating func written(_ connection: ConnectionPointer, _ count: Int, _ now: UInt64) {
        connection.pointee.outbox.discard(count)
        connection.pointee.isLarge = false
        statistics.bytesSent &+= count
        if connection.pointee.backPressure.isReadingPaused { touch(connection) }
        if connection.pointee.backPressure.isClogged {
            unclog(connection, now)
        } else if let session = connection.pointee.session, session.pointee.hasBacklog {
            drain(session, now)
        }
    }

    private mutating func unclog(_ connection: ConnectionPointer, _ now: UInt64) {
        guard connection.pointee.backPressure.isWritable,
            connection.pointee.outbox.count <= limits.outboxHighWater / 2
        else { return }
        connection.pointee.backPressure.isClogged = false
        connection.pointee.backPressure.isStalled = false
        releasePublishers(waitingFor: connection)
        if let session = connection.pointee.session { drain(session, now) }
    }

    private mutating func wait(
        _ publisher: ConnectionPointer?, for receiver: ConnectionPointer, _ now: UInt64
    ) {
        guard let publisher, publisher != receiver, !receiver.pointee.backPressure.isStalled,
            !receiver.pointee.backPressure.waitingPublishers.contains(publisher.pointee.id)
        else { return }
        receiver.pointee.backPressure.waitingPublishers.append(publisher.pointee.id)
        publisher.pointee.backPressure.waits += 1
        touch(publisher)
        watch(receiver, now)
    }

    /// Lets those go on who wait for a receiver's socket.
    mutating func releasePublishers(waitingFor receiver: ConnectionPointer) {
        guard !receiver.pointee.backPressure.waitingPublishers.isEmpty else { return }
        let publishers = receiver.pointee.backPressure.waitingPublishers
        receiver.pointee.backPressure.waitingPublishers = []
        release(publishers)
    }

    // MARK: Other shards

    /// Slows a publisher down whose messages another shard does not read fast enough.
    mutating func wait(_ publisher: ConnectionPointer?, forMailOf shard: Int) {
        guard let publisher, mailWaiters[shard]?.contains(publisher.pointee.id) != true else { return }
        mailWaiters[shard, default: []].insert(publisher.pointee.id)
        publisher.pointee.backPressure.waits += 1
        touch(publisher)
    }

    mutating func releasePublishers(waitingForMailOf shard: Int) {
        release(mailWaiters.removeValue(forKey: shard) ?? [])
    }

    mutating func release(_ publishers: some Sequence<ConnectionID>) {
        for id in publishers {
            guard let publisher = connections.find(id.slot, id.generation) else { continue }
            publisher.pointee.backPressure.waits -= 1
            if publisher.pointee.backPressure.waits == 0 { touch(publisher) }
        }
    }

    // MARK: The host

    /// The host is looked at again after so many nanoseconds: often enough not to run dry meanwhile.
    private static let hostPause: UInt64 = 20_000_000

    /// Slows a publisher down because the host has more messages than it can take at present.
    mutating func waitForHost(_ publisher: ConnectionPointer, _ now: UInt64) {
        guard publisher.pointee.phase == .active, hostWaiters.insert(publisher.pointee.id).inserted else { return }
        publisher.pointee.backPressure.waits += 1
        touch(publisher)
        guard hostWaiters.count == 1 else { return }
        timers.insert(.init(deadline: now + Shard.hostPause, kind: .congestedHost, slot: 0, generation: 0))
    }

    /// Lets publishers go on if the host can take more.
    mutating func expireHostCongestion(_ now: UInt64) {
        guard policy.isCongested else {
            release(hostWaiters)
            hostWaiters = []
            return
        }
        timers.insert(.init(deadline: now + Shard.hostPause, kind: .congestedHost, slot: 0, generation: 0))
    }

    // MARK: Queues

    func isGated(_ connection: ConnectionPointer) -> Bool { connection.pointee.backPressure.gates > 0 }

    /// Withholds a publisher's acknowledgements until a receiver's queue has room.
    mutating func gate(_ publisher: ConnectionPointer?, on session: SessionPointer, _ now: UInt64) {
        guard let publisher, let receiver = session.pointee.connection, publisher != receiver,
            !session.pointee.isStalled, !session.pointee.gatedPublishers.contains(publisher.pointee.id)
        else { return }
        if session.pointee.gatedPublishers.isEmpty { session.pointee.lastProgress = now }
        session.pointee.gatedPublishers.append(publisher.pointee.id)
        publisher.pointee.backPressure.gates += 1
        watch(receiver, now)
    }

    mutating func releaseGate(of session: SessionPointer) {
        guard !session.pointee.gatedPublishers.isEmpty else { return }
        let publishers = session.pointee.gatedPublishers
        session.pointee.gatedPublishers = []
        for id in publishers {
            guard let publisher = connections.find(id.slot, id.generation) else { continue }
            publisher.pointee.backPressure.gates -= 1
            if publisher.pointee.backPressure.gates == 0 { flushAcknowledgements(publisher) }
        }
    }

    // MARK: Stalls

    private mutating func watch(_ receiver: ConnectionPointer, _ now: UInt64) {
        guard !receiver.pointee.backPressure.isWatched else { return }
        receiver.pointee.backPressure.isWatched = true
        setTimer(.stalledReceiver, for: receiver, at: now + nanoseconds(limits.stalledReceiverTimeout))
    }

    /// Looks whether a receiver that others wait for has made progress.
    mutating func expireStall(_ due: TimerHeap.Entry, _ now: UInt64) {
        guard let receiver = connections.find(due.slot, due.generation) else { return }
        receiver.pointee.backPressure.isWatched = false
        let timeout = nanoseconds(limits.stalledReceiverTimeout)
        var isWaitedFor = false
        if !receiver.pointee.backPressure.waitingPublishers.isEmpty {
            if receiver.pointee.backPressure.cloggedSince + timeout <= now {
                receiver.pointee.backPressure.isStalled = true
                releasePublishers(waitingFor: receiver)
            } else {
                isWaitedFor = true
            }
        }
        if let session = receiver.pointee.session, !session.pointee.gatedPublishers.isEmpty {
            if session.pointee.lastProgress + timeout <= now {
                session.pointee.isStalled = true
                releaseGate(of: session)
            } else {
                isWaitedFor = true
            }
        }
        if isWaitedFor { watch(receiver, now) }
    }

    /// Whether the transport should leave this connection's bytes with the client for now.
    func isReadingPaused(_ connection: ConnectionPointer) -> Bool {
        connection.pointee.backPressure.waits > 0 || connection.pointee.rate.isThrottled
            || connection.pointee.phase == .awaitingSession
            || (connection.pointee.acknowledgements.count >= connection.pointee.offer.receiveMaximum
                && isSlowedDown(connection))
            || isDeaf(connection)
    }

    /// Whether the client asks and does not listen: messages stop at half of so many bytes, and the rest are answers.
    func isDeaf(_ connection: ConnectionPointer) -> Bool {
        connection.pointee.outbox.count > 8 &* limits.outboxHighWater
    }

    /// Whether a client that exceeds the Receive Maximum waits. Any other is read on, and cut off with its next publish.
    private func isSlowedDown(_ connection: ConnectionPointer) -> Bool {
        !connection.pointee.isV5 || connection.pointee.isLenient
    }
}
