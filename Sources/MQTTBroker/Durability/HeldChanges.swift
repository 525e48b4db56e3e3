import DequeModule

/// What shards have made of QoS 2 publishes that others still have to store: it counts for nothing until all have handed
/// over their part, and then becomes durable together with the packet identifier of the publish. So a publish that is
/// sent again after a power loss was either stored by everyone, and is known, or by nobody.
///
/// A store puts every batch through `admit` before it looks at it.
public struct HeldChanges: Sendable {
    private struct Part: Sendable {
        /// Which of all batches it came with.
        var arrival: UInt64
        var changes: [StateChange] = []
    }

    private struct Batch: Sendable {
        var arrival: UInt64
        var shard: Int
        var number: UInt64
    }

    fileprivate struct DeliveryID: Hashable {
        var session: SessionKey
        var order: Int64
    }

    private var parts: [UInt64: Part] = [:]
    /// Settled transfers that follow one that is not: what a client publishes must not overtake what it published before,
    /// wherever its session was then. With what their publishers' sessions received.
    private var following: [UInt64: StateChange?] = [:]
    /// The transfer that a held delivery belongs to.
    private var transfers: [DeliveryID: UInt64] = [:]
    /// Those that `takeWhole` has not returned, in the order in which they came.
    private var batches: Deque<Batch> = []
    private var arrivals: UInt64 = 0

    public init() {}

    /// Whether `takeWhole` may have something to return.
    public var hasBatches: Bool { !batches.isEmpty }

    /// Takes a batch.
    /// - Returns: the changes that count from now on, in order; `held` and `settled` are not among them.
    public mutating func admit(_ changes: [StateChange], shard: Int, number: UInt64) -> [StateChange] {
        arrivals &+= 1
        batches.append(Batch(arrival: arrivals, shard: shard, number: number))
        if parts.isEmpty, !changes.contains(where: \.isOfTransfer) { return changes }
        var admitted: [StateChange] = []
        admitted.reserveCapacity(changes.count)
        for change in changes {
            switch change {
            case .held(let transfer, let inner): hold(inner, of: transfer, &admitted)
            case .settled(let transfer, let key, let packetID):
                following[transfer] = .some(key == 0 ? nil : .received(key, packetID: packetID))
                settle(&admitted)
            case .sessionEnded(let key):
                forget(key)
                admitted.append(change)
            default:
                if !follow(change) { admitted.append(change) }
            }
        }
        return admitted
    }

    /// Takes the batches that came before everything that is still held.
    /// - Returns: the number of the last one of each shard.
    public mutating func takeWhole() -> [Int: UInt64] {
        let limit = parts.values.lazy.map(\.arrival).min() ?? .max
        var last: [Int: UInt64] = [:]
        while let batch = batches.first, batch.arrival < limit {
            last[batch.shard] = batch.number
            batches.removeFirst()
        }
        return last
    }

    private mutating func hold(_ changes: [StateChange], of transfer: UInt64, _ admitted: inout [StateChange]) {
        if parts[transfer] == nil { parts[transfer] = Part(arrival: arrivals) }
        for change in changes {
            switch change {
            case .message: append(change, to: transfer)
            case .delivery(let delivery):
                transfers[DeliveryID(session: delivery.session, order: delivery.order)] = transfer
                append(change, to: transfer)
            default:
                // About another message of the session, which does not wait for this one.
                if !follow(change) { admitted.append(change) }
            }
        }
    }

    private mutating func settle(_ admitted: inout [StateChange]) {
        let settled = following.keys
        let firstOpen = parts.keys.lazy.filter { !settled.contains($0) }.min() ?? .max
        for transfer in following.keys.sorted() {
            guard let part = parts[transfer] else {
                admit(transfer, [], &admitted)
                continue
            }
            guard transfer < firstOpen else { continue }
            parts[transfer] = nil
            for change in part.changes {
                if case .delivery(let delivery) = change {
                    transfers[DeliveryID(session: delivery.session, order: delivery.order)] = nil
                }
            }
            admit(transfer, part.changes, &admitted)
        }
    }

    private mutating func admit(_ transfer: UInt64, _ changes: [StateChange], _ admitted: inout [StateChange]) {
        admitted += changes
        if let received = following.removeValue(forKey: transfer) ?? nil { admitted.append(received) }
    }

    /// Puts a change of a delivery that is held behind it.
    private mutating func follow(_ change: StateChange) -> Bool {
        guard let id = DeliveryID(changedBy: change), let transfer = transfers[id] else { return false }
        append(change, to: transfer)
        return true
    }

    private mutating func append(_ change: StateChange, to transfer: UInt64) {
        parts[transfer]?.changes.append(change)
    }

    private mutating func forget(_ key: SessionKey) {
        transfers = transfers.filter { $0.key.session != key }
        for transfer in parts.keys {
            parts[transfer]?.changes.removeAll { DeliveryID(of: $0)?.session == key }
        }
        for case (let transfer, .received(key, _)?) in following { following[transfer] = .some(nil) }
    }
}

extension HeldChanges.DeliveryID {
    /// The delivery that a change makes or changes.
    fileprivate init?(of change: StateChange) {
        if case .delivery(let delivery) = change {
            self.init(session: delivery.session, order: delivery.order)
        } else {
            self.init(changedBy: change)
        }
    }

    fileprivate init?(changedBy change: StateChange) {
        switch change {
        case .sent(let key, let order, _), .released(let key, let order, _), .delivered(let key, let order):
            self.init(session: key, order: order)
        default: return nil
        }
    }
}

extension StateChange {
    fileprivate var isOfTransfer: Bool {
        switch self {
        case .held, .settled: true
        default: false
        }
    }
}
