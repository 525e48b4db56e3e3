/// A bound of `BrokerLimits` that somebody has run into. How often is counted, so that an operator sees an attack, or a
/// limit that is too low for what he has.
///
/// Time limits and the publish rate have figures of their own in `BrokerStatistics`.
public enum LimitKind: String, Sendable, Hashable, CaseIterable {
    case connections
    case sessions
    /// A packet was larger than any may be, or than one may be before the client has logged in.
    case packetSize = "packet_size"
    case topicLength = "topic_length"
    case topicLevels = "topic_levels"
    case subscriptions = "subscriptions_per_client"
    /// Publishes that were under way from one client.
    case inFlight = "in_flight"
    /// Messages or bytes that waited for one session.
    case queue
    /// Messages or bytes that waited for all sessions together.
    case allQueues = "all_queues"
    /// A receiver did not read for longer than it may hold others up.
    case stalledReceiver = "stalled_receiver"
    case retained

    /// The bound behind a drop; `nil` if it was the receiver's own.
    init?(_ reason: DropReason) {
        switch reason {
        case .queueFull: self = .queue
        case .brokerFull: self = .allQueues
        case .stalledReceiver: self = .stalledReceiver
        case .retainedStoreFull: self = .retained
        case .packetTooLarge: return nil
        }
    }
}
