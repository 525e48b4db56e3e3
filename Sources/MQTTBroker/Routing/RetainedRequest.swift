/// What a new subscription is still to get of the retained messages. They are looked up when the client can take some, so
/// that one that does not read has no copy of the list kept for it.
struct RetainedRequest: Sendable {
    /// Messages looked up at one time, and their bytes; one message may be larger.
    static let maximumCount = 1000
    static let maximumBytes = 262_144

    /// The subscription, as the client sent it.
    var key: ExactText
    /// Without share name.
    var filter: String
    /// The highest QoS that the subscription gives.
    var qos: UInt8
    /// The subscription identifier; 0 for none.
    var identifier: UInt32
    /// The last message that there was when the client subscribed. Later ones it gets as they come.
    var end: UInt64
    /// The last message that was looked up.
    var cursor: UInt64 = 0
    /// Nothing is left to look up.
    var isComplete = false
}
