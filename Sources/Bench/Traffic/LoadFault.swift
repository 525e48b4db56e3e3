/// Why a load came to an end before it was done.
public enum LoadFault: Error, Sendable, Hashable, CustomStringConvertible {
    /// No connection, with the system's reason.
    case unreachable(String)
    /// CONNACK with a return code other than 0.
    case refused(UInt8)
    /// SUBACK with a failure, or with a lower quality of service than asked for.
    case subscriptionRefused(UInt8)
    /// Not every session was there within the time for setting up.
    case notReady
    /// Nothing came for the quiet time, or the case's time was over.
    case timedOut
    case closedByServer
    /// The broker sent bytes that are no MQTT 3.1.1 packet for a client.
    case malformed(String)
    /// An acknowledgement for a packet identifier that waits for none of that kind.
    case unexpectedAcknowledgement(UInt16)
    /// A delivery with another quality of service than published and subscribed with.
    case wrongQoS(UInt8)
    /// An answer without the entity tag that a conditional request needs.
    case noTag

    public var description: String {
        switch self {
        case .unreachable(let reason): "no connection: \(reason)"
        case .refused(let code): "the broker refused a connection with return code \(code)"
        case .subscriptionRefused(let code): "the broker answered a subscription with \(code)"
        case .notReady: "the sessions were not set up in time"
        case .timedOut: "timed out"
        case .closedByServer: "the server closed a connection"
        case .malformed(let what): "the broker sent \(what)"
        case .unexpectedAcknowledgement(let id): "the broker acknowledged packet \(id), which was not waiting for it"
        case .wrongQoS(let qos): "the broker delivered with QoS \(qos)"
        case .noTag: "the server sent no entity tag"
        }
    }
}
