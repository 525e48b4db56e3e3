import DequeModule

/// QoS 1 and 2 messages sent to a client and not fully acknowledged, by packet identifier.
struct OutboundWindow {
    enum State: UInt8, Sendable {
        case awaitingPuback
        case awaitingPubrec
        case awaitingPubcomp
    }

    struct Entry {
        /// `nil` once PUBREC has come: only the packet identifier matters then.
        var message: Message?
        var state: State
        var retain: Bool
        /// Sent on the present connection.
        var isSent: Bool
        /// Sent on whatever connection.
        var wasSent: Bool
        /// The order in which things were sent, and for `awaitingPubcomp` in which PUBREC packets came.
        var sequence: UInt64
        /// Under which the store knows the delivery; 0 for one that it does not.
        var order: Int64
        var identifiers: SubscriptionIdentifiers?
    }

    private(set) var table = PacketIDTable<Entry>(
        placeholder: Entry(
            message: nil, state: .awaitingPuback, retain: false, isSent: false, wasSent: false, sequence: 0, order: 0,
            identifiers: nil))
    /// Entries sent on the present connection: what the client's Receive Maximum counts.
    private(set) var sentCount = 0
    /// Entries from an earlier connection that are to be sent again, oldest first, and those that may be sent for the
    /// first time once the batch with their packet identifier is on disk.
    private(set) var resend: Deque<(packetID: UInt16, batch: UInt64)> = []
    /// The last batch that something here has to wait for.
    private(set) var lastHeld: UInt64 = 0
    private(set) var lastPacketID: UInt16 = 0
    private(set) var lastSequence: UInt64 = 0
    /// Of the messages that are kept until they are acknowledged.
    private(set) var bytes = 0
    /// The same for all windows of the shard together.
    private let total: UnsafeMutablePointer<Int>

    init(total: UnsafeMutablePointer<Int>) {
        self.total = total
    }

    var count: Int { table.count }

    /// Enters a message that is being sent for the first time and returns its packet identifier, or `nil` if all are in
    /// use.
    @inline(__always)
    mutating func insert(
        _ message: Message, qos: UInt8, retain: Bool, identifiers: SubscriptionIdentifiers?, order: Int64 = 0
    ) -> UInt16? {
        guard let packetID = enter(message, qos, retain, identifiers, order, isSent: true) else { return nil }
        sentCount &+= 1
        return packetID
    }

    /// Enters a message that is to be sent when a batch is on disk.
    mutating func stage(_ queued: QueuedMessage, until batch: UInt64) -> UInt16? {
        guard
            let packetID = enter(
                queued.message, queued.qos, queued.retain, queued.identifiers, queued.order, isSent: false)
        else { return nil }
        resend.append((packetID, batch))
        lastHeld = batch
        return packetID
    }

    @inline(__always)
    private mutating func enter(
        _ message: Message, _ qos: UInt8, _ retain: Bool, _ identifiers: SubscriptionIdentifiers?, _ order: Int64,
        isSent: Bool
    ) -> UInt16? {
        guard table.count < 65_535 else { return nil }
        repeat {
            lastPacketID &+= 1
            if lastPacketID == 0 { lastPacketID = 1 }
        } while table.index(of: lastPacketID) != nil
        lastSequence &+= 1
        table.insert(
            lastPacketID,
            Entry(
                message: message, state: qos == 1 ? .awaitingPuback : .awaitingPubrec, retain: retain, isSent: isSent,
                wasSent: isSent, sequence: lastSequence, order: order, identifiers: identifiers))
        count(message.size)
        return lastPacketID
    }

    /// Notes under which number the store knows a delivery.
    mutating func setOrder(_ order: Int64, of packetID: UInt16) {
        guard let index = table.index(of: packetID) else { return }
        table[at: index].order = order
    }

    @inline(__always)
    func index(of packetID: UInt16) -> Int? { table.index(of: packetID) }

    func state(at index: Int) -> State { table[at: index].state }

    func entry(at index: Int) -> Entry { table[at: index] }

    func order(at index: Int) -> Int64 { table[at: index].order }

    /// Ends an exchange and returns its message, if it still had one, and the number under which the store knows it.
    @inline(__always)
    mutating func complete(at index: Int) -> (message: Message?, order: Int64) {
        let entry = table.remove(at: index)
        if entry.isSent { sentCount &-= 1 }
        if let message = entry.message { count(-message.size) }
        return (entry.message, entry.order)
    }

    /// Notes a PUBREC and returns the message, which is no longer needed.
    /// - Parameter batch: what must be on disk before PUBREL is sent; 0 for nothing.
    mutating func received(at index: Int, until batch: UInt64) -> Message? {
        if batch != 0 { lastHeld = batch }
        lastSequence &+= 1
        var entry = table[at: index]
        let message = entry.message
        if let message { count(-message.size) }
        entry.message = nil
        entry.identifiers = nil
        entry.state = .awaitingPubcomp
        entry.sequence = lastSequence
        table[at: index] = entry
        return message
    }

    /// Prepares for a new connection: nothing counts as sent, everything is to be sent again in its order.
    mutating func detach() {
        var order: [(sequence: UInt64, packetID: UInt16, isHeld: Bool)] = []
        table.forEach { packetID, entry in
            order.append((entry.sequence, packetID, !entry.wasSent || entry.state == .awaitingPubcomp))
        }
        order.sort { $0.sequence < $1.sequence }
        resend = Deque(order.map { ($0.packetID, $0.isHeld ? lastHeld : 0) })
        for (packetID, _) in resend {
            if let index = table.index(of: packetID) { table[at: index].isSent = false }
        }
        sentCount = 0
    }

    /// Enters an exchange that began elsewhere; `resume` must follow.
    mutating func restore(_ packetID: UInt16, _ entry: Entry) {
        table.insert(packetID, entry)
        if let message = entry.message { count(message.size) }
    }

    /// Goes on where another window stopped.
    mutating func resume(lastPacketID: UInt16, lastSequence: UInt64, lastHeld: UInt64) {
        self.lastHeld = lastHeld
        self.lastPacketID = lastPacketID
        self.lastSequence = lastSequence
        detach()
    }

    /// The next entry to be sent again, where it lies. `nil` behind the last one.
    mutating func nextResend() -> (packetID: UInt16, index: Int, batch: UInt64)? {
        while let (packetID, batch) = resend.first {
            if let index = table.index(of: packetID), !table[at: index].isSent { return (packetID, index, batch) }
            // Acknowledged meanwhile by a client that remembers the exchange.
            resend.removeFirst()
        }
        return nil
    }

    /// Counts the entry that `nextResend()` gave as sent.
    mutating func markResent(at index: Int) {
        table[at: index].isSent = true
        table[at: index].wasSent = true
        sentCount &+= 1
        resend.removeFirst()
    }

    /// Empties the window and hands out every message still in it.
    mutating func removeAll(_ body: (Message) -> Void) {
        table.forEach { _, entry in
            if let message = entry.message { body(message) }
        }
        table.removeAll()
        count(-bytes)
        resend = []
        sentCount = 0
    }

    @inline(__always)
    private mutating func count(_ size: Int) {
        bytes &+= size
        total.pointee &+= size
    }

    func forEach(_ body: (UInt16, Entry) -> Void) {
        table.forEach(body)
    }
}
