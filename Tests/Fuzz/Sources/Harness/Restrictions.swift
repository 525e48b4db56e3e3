import MQTTBroker
import MQTTCodec

/// Limits that take something away, and whether they come and go while clients are connected.
struct Restrictions {
    private let first: UInt8
    private let second: UInt8

    init(_ first: UInt8, _ second: UInt8) {
        self.first = first
        self.second = second
    }

    /// After so many steps the limits are replaced, each time; `nil` for never.
    var period: Int? { second & 32 != 0 ? [3, 10, 30, 100][Int(second >> 6)] : nil }

    func applied(to limits: BrokerLimits) -> BrokerLimits {
        var limits = limits
        if first & 1 != 0 { limits.queueDrop = .oldest }
        if first & 2 != 0 { limits.maximumTotalQueuedMessages = 6 }
        if first & 4 != 0 { limits.maximumTotalQueuedBytes = 600 }
        if first & 8 != 0 { limits.retainAvailable = false }
        if first & 16 != 0 { limits.wildcardSubscriptionsAvailable = false }
        if first & 32 != 0 { limits.sharedSubscriptionsAvailable = false }
        if first & 64 != 0 { limits.subscriptionIdentifiersAvailable = false }
        if first & 128 != 0 {
            limits.maximumTopicLength = 6
            limits.maximumTopicLevels = 2
        }
        if second & 1 != 0 { limits.publishRate = 2 }
        if second & 2 != 0 { limits.maximumQoS = .atLeastOnce }
        if second & 4 != 0 { limits.topicAliasMaximum = 0 }
        if second & 8 != 0 { limits.maximumRetainedBytes = 200 }
        if second & 16 != 0 { limits.maximumSessions = 3 }
        return limits
    }
}
