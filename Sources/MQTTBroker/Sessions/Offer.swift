import MQTTCodec

/// What CONNACK tells a client that it may do. It holds until the connection ends, also when the broker's limits change
/// meanwhile: a client that keeps to what it was told is not cut off.
struct Offer {
    var maximumPacketSize: Int
    var maximumSessionExpiry: UInt32
    var receiveMaximum: Int
    var topicAliasMaximum: UInt16
    var maximumQoS: QoS
    var retainAvailable: Bool
    var wildcardSubscriptionsAvailable: Bool
    var sharedSubscriptionsAvailable: Bool
    var subscriptionIdentifiersAvailable: Bool

    init(_ limits: BrokerLimits) {
        maximumPacketSize = limits.maximumPacketSize
        maximumSessionExpiry = limits.maximumSessionExpiry
        receiveMaximum = Int(limits.receiveMaximum)
        topicAliasMaximum = limits.topicAliasMaximum
        maximumQoS = limits.maximumQoS
        retainAvailable = limits.retainAvailable
        wildcardSubscriptionsAvailable = limits.wildcardSubscriptionsAvailable
        sharedSubscriptionsAvailable = limits.sharedSubscriptionsAvailable
        subscriptionIdentifiersAvailable = limits.subscriptionIdentifiersAvailable
    }

    /// Whether there are publishes that are not taken.
    var isRestricted: Bool { !retainAvailable || maximumQoS != .exactlyOnce }
}
