public import MQTTCodec

/// What the broker tells its policy after the fact.
public enum SessionEvent: Sendable {
    /// A client has been let in; its CONNACK is on the way.
    case connected(ClientContext)
    /// A connection that had been let in has ended.
    case disconnected(ClientContext, cause: DisconnectCause)
    /// A session is over, with everything that waited in it: so many messages that its client had not acknowledged.
    case sessionEnded(clientID: String, cause: SessionEnd, unacknowledged: Int)
    /// A connection was refused or broken off because of what it sent. `clientID` is empty if none was known yet.
    case refused(address: String, clientID: String, reason: String)
    /// The policy has not let a client in; `refused` follows, unless the client had been let in before and has failed to
    /// show anew who it is.
    case refusedLogin(clientID: String, userName: String?, address: String, reason: ReasonCode)
    /// A client that had shown who it is asked for the session of another user; `refused` follows.
    case refusedTakeover(ClientContext)
    /// Messages were thrown away for a client.
    case dropped(clientID: String, topic: String?, count: Int, reason: DropReason)
}

/// Why a connection ended.
public enum DisconnectCause: Sendable, Hashable {
    /// The client sent DISCONNECT with this reason code.
    case clientDisconnect(ReasonCode)
    case connectionLost
    case keepAliveTimeout
    case takenOver
    case protocolError(ReasonCode, detail: String)
    /// The host asked for it.
    case administrative
    case serverShutdown
}

/// Why a session ended.
public enum SessionEnd: String, Sendable, Hashable {
    /// It had no session expiry interval, so it ended with its connection.
    case connectionEnded
    /// Its client stayed away for longer than the session expiry interval.
    case expired
    /// Its client asked for a new one (Clean Start).
    case replaced
    /// Its client may no longer subscribe to what it had subscribed to.
    case rightsLost
}

/// Why messages were thrown away.
public enum DropReason: String, Sendable, Hashable {
    /// The session's queue had reached its bound of messages or bytes.
    case queueFull
    /// The queues of all sessions together had reached their bound.
    case brokerFull
    /// Larger than the receiver's Maximum Packet Size.
    case packetTooLarge
    /// A receiver that had stopped reading for longer than the limit.
    case stalledReceiver
    /// The retained store had reached its bound.
    case retainedStoreFull
}
