/// One session as an operator sees it.
public struct ClientInfo: Sendable {
    public var clientID: String
    /// `nil` while the session has no connection.
    public var context: ClientContext?
    /// Sorted; empty if they were not asked for.
    public var subscriptions: [String] = []
    /// Messages that wait to be sent, and their bytes.
    public var queuedMessages = 0
    public var queuedBytes = 0
    /// QoS 1 and 2 messages under way to the client, and the bytes of those kept until it acknowledges them.
    public var inflightMessages = 0
    public var inflightBytes = 0
    /// Retained messages that have been looked up for new subscriptions and wait to be sent.
    public var retainedBacklog = 0
    /// Messages that were dropped and of which the policy has not been told yet.
    public var unreportedDrops = 0
    /// It has not acknowledged anything for so long that publishers no longer wait for it.
    public var isStalled = false
    /// The acknowledgements of what it publishes wait until receivers have caught up.
    public var isHeldBack = false

    public init(clientID: String, context: ClientContext?) {
        self.clientID = clientID
        self.context = context
    }

    /// What counts for the bounds of bytes.
    public var heldBytes: Int { queuedBytes + inflightBytes }
}
