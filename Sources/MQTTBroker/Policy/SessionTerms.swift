/// What the policy grants one client apart from the broker's limits for all: for a bridge, whose queue is its outbox.
public final class SessionTerms: Sendable, Hashable {
    /// Messages that may wait for the client.
    public let maximumQueuedMessages: Int
    /// Bytes that may wait for the client.
    public let maximumQueuedBytes: Int
    public let queueDrop: QueueDrop
    /// Whether the client gets messages on command topics (`BrokerPolicy.isCommand`). One that does not is no receiver of
    /// theirs, as if it had not subscribed.
    public let takesCommands: Bool

    public init(
        maximumQueuedMessages: Int, maximumQueuedBytes: Int, queueDrop: QueueDrop, takesCommands: Bool
    ) {
        self.maximumQueuedMessages = maximumQueuedMessages
        self.maximumQueuedBytes = maximumQueuedBytes
        self.queueDrop = queueDrop
        self.takesCommands = takesCommands
    }

    public static func == (left: SessionTerms, right: SessionTerms) -> Bool {
        left.maximumQueuedMessages == right.maximumQueuedMessages
            && left.maximumQueuedBytes == right.maximumQueuedBytes && left.queueDrop == right.queueDrop
            && left.takesCommands == right.takesCommands
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(maximumQueuedMessages)
        hasher.combine(maximumQueuedBytes)
        hasher.combine(takesCommands)
    }
}
