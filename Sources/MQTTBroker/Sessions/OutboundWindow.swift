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
        /// The order in which things were sent, and for `awaitingPubcomp` in which PUBREC packets came.
        var sequence: UInt64
        var identifiers: SubscriptionIdentifiers?
    }

    private(set) var table = PacketIDTable<Entry>(
        placeholder: Entry(
            message: nil, state: .awaitingPuback, retain: false, isSent: false, sequence: 0, identifiers: nil))
    /// Entries sent on the present connection: what the client's Receive Maximum counts.
    private(set) var sentCount = 0
    /// Entries from an earlier connection that are to be sent again, oldest first.
    private(set) var resend: Deque<UInt16> = []
    private(set) var lastPacketID: UInt16 = 0
    private(set) var lastSequence: UInt64 = 0

    var count: Int { table.count }

    /// Enters a message that is being sent for the first time and returns its packet identifier, or `nil` if all are in
    /// use.
    @inline(__always)
    mutating func insert(
        _ message: Message, qos: UInt8, retain: Bool, identifiers: SubscriptionIdentifiers?
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
                message: message, state: qos == 1 ? .awaitingPuback : .awaitingPubrec, retain: retain, isSent: true,
                sequence: lastSequence, identifiers: identifiers))
        sentCount &+= 1
        return lastPacketID
    }

    @inline(__always)
    func index(of packetID: UInt16) -> Int? { table.index(of: packetID) }

    func state(at index: Int) -> State { table[at: index].state }

    func entry(at index: Int) -> Entry { table[at: index] }

    /// Ends an exchange and returns its message, if it still had one.
    @inline(__always)
    mutating func complete(at index: Int) -> Message? {
        let entry = table.remove(at: index)
        if entry.isSent { sentCount &-= 1 }
        return entry.message
    }

    /// Notes a PUBREC and returns the message, which is no longer needed.
    mutating func received(at index: Int) -> Message? {
        lastSequence &+= 1
        var entry = table[at: index]
        let message = entry.message
        entry.message = nil
        entry.identifiers = nil
        entry.state = .awaitingPubcomp
        entry.sequence = lastSequence
        table[at: index] = entry
        return message
    }

    /// Prepares for a new connection: nothing counts as sent, everything is to be sent again in its order.
    mutating func detach() {
        var order: [(sequence: UInt64, packetID: UInt16)] = []
        table.forEach { packetID, entry in order.append((entry.sequence, packetID)) }
        order.sort { $0.sequence < $1.sequence }
        resend = Deque(order.map(\.packetID))
        for packetID in resend {
            if let index = table.index(of: packetID) { table[at: index].isSent = false }
        }
        sentCount = 0
    }

    /// Enters an exchange that began elsewhere; `resume` must follow.
    mutating func restore(_ packetID: UInt16, _ entry: Entry) {
        table.insert(packetID, entry)
    }

    /// Goes on where another window stopped.
    mutating func resume(lastPacketID: UInt16, lastSequence: UInt64) {
        self.lastPacketID = lastPacketID
        self.lastSequence = lastSequence
        detach()
    }

    /// The next entry to be sent again, where it lies. `nil` behind the last one.
    mutating func nextResend() -> (packetID: UInt16, index: Int)? {
        while let packetID = resend.first {
            if let index = table.index(of: packetID), !table[at: index].isSent { return (packetID, index) }
            // Acknowledged meanwhile by a client that remembers the exchange.
            resend.removeFirst()
        }
        return nil
    }

    /// Counts the entry that `nextResend()` gave as sent.
    mutating func markResent(at index: Int) {
        table[at: index].isSent = true
        sentCount &+= 1
        resend.removeFirst()
    }

    /// Empties the window and hands out every message still in it.
    mutating func removeAll(_ body: (Message) -> Void) {
        table.forEach { _, entry in
            if let message = entry.message { body(message) }
        }
        table.removeAll()
        resend = []
        sentCount = 0
    }

    func forEach(_ body: (UInt16, Entry) -> Void) {
        table.forEach(body)
    }
}
