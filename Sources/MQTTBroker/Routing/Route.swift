/// Who gets the messages of one topic, worked out once and kept until a subscription changes.
struct Route {
    /// One session that gets a copy; several subscriptions of a session are one receiver [MQTT-3.3.4-2].
    struct Receiver {
        var session: UnsafeMutablePointer<Session>
        /// The highest QoS of the session's matching subscriptions.
        var qos: UInt8
        /// The same without those that have No Local set; `nothingLocal` if all have.
        var localQoS: UInt8
        var retainAsPublished: Bool
        var identifiers: SubscriptionIdentifiers?
        var localIdentifiers: SubscriptionIdentifiers?
    }

    /// A share group at a node of the trie.
    struct Share {
        var node: Int
        var name: ExactText
        var filter: ExactText
    }

    static let nothingLocal: UInt8 = 0xFF

    let hash: UInt64
    /// The topic's bytes, owned by the route.
    let topic: UnsafeRawBufferPointer
    /// The next route with the same place in the cache's table.
    var next: UnsafeMutablePointer<Route>?
    /// The state of the subscriptions for which the rest holds.
    var epoch: UInt64 = 0
    /// Owned by the route; not an array, as handing out an array's elements counts references.
    private(set) var receivers = UnsafeMutableBufferPointer<Receiver>(start: nil, count: 0)
    var shares: [Share] = []
    /// Never queued for a session without a connection.
    var isVolatile = false

    init(hash: UInt64, topic: UnsafeRawBufferPointer, next: UnsafeMutablePointer<Route>?) {
        self.hash = hash
        self.topic = topic
        self.next = next
    }

    mutating func setReceivers(_ new: [Receiver]) {
        receivers.deinitialize()
        receivers.deallocate()
        receivers = .allocate(capacity: new.count)
        _ = receivers.initialize(from: new)
    }

    mutating func deallocate() {
        setReceivers([])
        receivers.deallocate()
        topic.deallocate()
    }
}
