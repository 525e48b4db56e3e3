import MQTTCodec

/// Rights that were taken away after a client had subscribed.
extension Shard {
    /// Whether the session has a subscription that the client would not be granted now. Such a session does not go on:
    /// nobody could tell which of the messages that wait in it came by that subscription.
    func hasLostRights(_ key: ExactText, _ context: ClientContext) -> Bool {
        guard let session = sessionsByClientID[key] else { return false }
        return hasLostRights(session, context)
    }

    private func hasLostRights(_ session: SessionPointer, _ context: ClientContext) -> Bool {
        session.pointee.subscriptions.keys.contains { filter in
            guard let filter = TopicFilter(filter.text) else { return true }
            return policy.authorizeSubscribe(filter.filter, for: context) != nil
        }
    }

    /// Whether messages with this topic may go to a session that has subscribed to them: by its terms, and as the policy
    /// says.
    func mayDeliver(_ topic: UnsafeRawBufferPointer, to session: SessionPointer) -> Bool {
        if let terms = session.pointee.terms, !terms.takesCommands,
            policy.isCommand(topic: String(decoding: topic, as: UTF8.self))
        {
            return false
        }
        guard authorizesDeliveries else { return true }
        return policy.authorizeDelivery(
            of: String(decoding: topic, as: UTF8.self), to: session.pointee.clientID, user: session.pointee.owner)
    }

    /// Ends the connections, and the sessions, of clients that would not be granted all of their subscriptions now.
    mutating func reviewRights(_ now: UInt64) {
        // Who gets what is worked out anew.
        subscriptionEpoch &+= 1
        var losers: [ConnectionPointer] = []
        for session in sessionsByClientID.values {
            guard let connection = session.pointee.connection, connection.pointee.phase == .active,
                let context = connection.pointee.context, hasLostRights(session, context)
            else { continue }
            session.pointee.expiryInterval = 0
            session.pointee.endCause = .rightsLost
            losers.append(connection)
        }
        for connection in losers {
            close(connection, reason: .notAuthorized, cause: .administrative, now)
        }
    }
}
