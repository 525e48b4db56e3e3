import MQTTBroker

/// One connection as the network has it: bytes on their way in both directions, of which each end sees what has arrived.
final class Link {
    /// What the network takes from the broker before the client has read it.
    private static let window = 1500

    let core: BrokerCore
    let id: ConnectionID
    let address: String
    /// From the client to the broker.
    private(set) var up: [UInt8] = []
    /// From the broker to the client.
    private(set) var down: [UInt8] = []
    /// The broker has forgotten the connection.
    var isEnded = false
    /// The client has gone, and the broker does not know it.
    var isHalfOpen = false
    private(set) var isWritable = true
    private(set) var isReading = true

    init(core: BrokerCore, id: ConnectionID, address: String) {
        self.core = core
        self.id = id
        self.address = address
    }

    var hasUp: Bool { !up.isEmpty && isReading && !isEnded }

    func send(_ bytes: [UInt8]) {
        if !isEnded { up += bytes }
    }

    /// Hands the broker some of the bytes on their way.
    func deliverUp(atMost limit: Int, now: UInt64) {
        guard hasUp else { return }
        let piece = Array(up.prefix(limit))
        up.removeFirst(piece.count)
        piece.withUnsafeBytes { core.receive(id, $0, now: now) }
    }

    /// The client reads some of the bytes on their way.
    func deliverDown(atMost limit: Int, now: UInt64) -> [UInt8] {
        let piece = Array(down.prefix(limit))
        down.removeFirst(piece.count)
        if !isWritable, !isEnded, down.count < Self.window / 2 {
            isWritable = true
            core.setWritable(id, true, now: now)
        }
        return piece
    }

    /// Nobody will read what is on its way any longer.
    func discardDown() {
        down = []
    }

    /// Looks after the connection as the server's transport does.
    func serve(now: UInt64) {
        guard !isEnded else { return }
        if isWritable {
            core.withOutbox(id, now: now) { bytes in
                // A half-open connection takes what fits, and no more.
                let room = max(0, Self.window - down.count)
                down += bytes.prefix(room)
                return min(room, bytes.count)
            }
            if down.count >= Self.window {
                isWritable = false
                core.setWritable(id, false, now: now)
            }
        }
        switch core.state(of: id) {
        case .open(let reading)?: isReading = reading
        case .close?, .closeAtOnce?: end(now: now)
        case nil: isEnded = true
        }
    }

    func end(now: UInt64) {
        guard !isEnded else { return }
        isEnded = true
        core.closed(id, now: now)
    }
}
