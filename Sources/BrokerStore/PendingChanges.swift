import MQTTBroker

/// Changes put together: what is left to be written when later ones have cancelled earlier ones out. Most messages for a
/// client that is there are acknowledged before they would be written.
struct PendingChanges {
    struct Delivery {
        /// A new row; `nil` for a change of one that is in the file.
        var row: DurableDelivery?
        var packetID: UInt16?
        var released: Int64?
        var isRemoved = false
        /// The file may have the row.
        var mayExist: Bool
    }

    struct Session {
        /// What the file has of it goes, before anything else is written.
        var isEnded = false
        var session: DurableSession?
        /// By the bytes of the filter; `nil` for one that goes.
        var subscriptions: [[UInt8]: SubscriptionOptions?] = [:]
        var deliveries: [Int64: Delivery] = [:]
        /// True for packet identifiers that come, false for those that go.
        var received: [UInt16: Bool] = [:]
    }

    private(set) var sessions: [SessionKey: Session] = [:]
    private(set) var messages: [Int64: DurableMessage] = [:]
    /// How many new rows name a content, and contents that none names any longer.
    private var uses: [Int64: Int] = [:]
    private var unused: [Int64] = []
    /// By topic; `nil` for one that goes.
    private(set) var retained: [[UInt8]: DurableRetained?] = [:]
    /// Changes taken.
    private(set) var count = 0

    var isEmpty: Bool { sessions.isEmpty && retained.isEmpty }

    mutating func apply(_ change: StateChange) {
        count += 1
        switch change {
        case .session(let session): sessions[session.key, default: Session()].session = session
        case .sessionEnded(let key): end(key)
        case .subscribed(let key, let filter, let options):
            sessions[key, default: Session()].subscriptions[Array(filter.utf8)] = .some(options)
        case .unsubscribed(let key, let filter):
            sessions[key, default: Session()].subscriptions[Array(filter.utf8)] = .some(nil)
        case .message(let message): messages[message.id] = message
        case .delivery(let delivery):
            if let message = delivery.message { uses[message, default: 0] += 1 }
            sessions[delivery.session, default: Session()].deliveries[delivery.order] = Delivery(
                row: delivery, mayExist: false)
        case .sent(let key, let order, let packetID):
            self.change(key, order) {
                if $0.row == nil { $0.packetID = packetID }
                $0.row?.packetID = packetID
            }
        case .released(let key, let order, let sequence):
            self.change(key, order) {
                if $0.row == nil { $0.released = sequence }
                $0.row?.released = sequence
            }
            release(sessions[key]?.deliveries[order]?.row?.message)
            sessions[key]?.deliveries[order]?.row?.message = nil
        case .delivered(let key, let order): remove(key, order)
        case .received(let key, let packetID): sessions[key, default: Session()].received[packetID] = true
        case .forgotten(let key, let packetID): sessions[key, default: Session()].received[packetID] = false
        case .retained(let message): retained[message.topic] = .some(message)
        case .retainedRemoved(let topic): retained[topic] = .some(nil)
        // HeldChanges has taken out what concerns transfers.
        case .held, .settled, .barrier: break
        }
    }

    /// Takes nothing for absent from the file any longer.
    mutating func distrust() {
        for key in sessions.keys {
            for order in (sessions[key]?.deliveries ?? [:]).keys { sessions[key]?.deliveries[order]?.mayExist = true }
        }
    }

    private mutating func change(_ key: SessionKey, _ order: Int64, _ body: (inout Delivery) -> Void) {
        body(&sessions[key, default: Session()].deliveries[order, default: Delivery(mayExist: true)])
    }

    private mutating func remove(_ key: SessionKey, _ order: Int64) {
        if let delivery = sessions[key]?.deliveries[order], !delivery.mayExist {
            sessions[key]?.deliveries[order] = nil
            release(delivery.row?.message)
            if sessions[key]?.isUnchanged == true { sessions[key] = nil }
        } else {
            release(sessions[key]?.deliveries[order]?.row?.message)
            sessions[key, default: Session()].deliveries[order] = Delivery(isRemoved: true, mayExist: true)
        }
    }

    private mutating func end(_ key: SessionKey) {
        for delivery in (sessions[key]?.deliveries ?? [:]).values { release(delivery.row?.message) }
        sessions[key] = Session(isEnded: true)
    }

    private mutating func release(_ message: Int64?) {
        guard let message, let uses = uses[message] else { return }
        self.uses[message] = uses - 1
        if uses == 1 { unused.append(message) }
    }

    /// Forgets contents that no delivery names any longer. At the end of a batch: until then one may come that does.
    mutating func endBatch() {
        for message in unused where uses[message] ?? 0 == 0 {
            uses[message] = nil
            messages[message] = nil
        }
        unused = []
    }
}

extension PendingChanges.Session {
    /// Nothing is left to be written.
    fileprivate var isUnchanged: Bool {
        !isEnded && session == nil && subscriptions.isEmpty && deliveries.isEmpty && received.isEmpty
    }
}
