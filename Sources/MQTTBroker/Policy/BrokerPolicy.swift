public import MQTTCodec

/// The host's say in what the broker does.
///
/// Every method is called on the event loop of the connection concerned, so it must not block, and it may run on
/// several loops at once. It must not wait for the server; `MQTTServer.release` and `MQTTServer.post` may be called from
/// within.
public protocol BrokerPolicy: AnyObject, Sendable {
    /// Decides on a well-formed CONNECT packet, its will included.
    func authenticate(_ request: ConnectRequest) -> Authentication

    /// Starts an enhanced authentication (MQTT 5.0 section 4.12) with the method that the client names, `SCRAM-SHA-256`
    /// for example. Asked in place of `authenticate`, and again when the client authenticates anew. `nil` refuses the
    /// client: the method is not offered.
    func beginAuthentication(method: String, _ request: ConnectRequest) -> (any AuthenticationExchange)?

    /// Decides on one topic filter of a SUBSCRIBE packet. `nil` grants it, a reason code of 0x80 and above refuses it.
    /// `filter` is without the `$share/{name}/` of a shared subscription.
    func authorizeSubscribe(_ filter: String, for client: ClientContext) -> ReasonCode?

    /// Decides on a PUBLISH of a client, or on its will when that is due, before it is routed.
    func inspect(_ publish: borrowing PublishInspection) -> PublishVerdict

    /// What is to be routed in place of a PUBLISH, or of a will, for which `inspect` has just answered `rewrite`. `nil`
    /// refuses it with 0x83 (implementation specific error).
    func rewrite(_ publish: borrowing PublishInspection) -> Rewrite?

    /// Whether `authorizeDelivery` is to be asked. Read once, when the broker starts.
    var authorizesDeliveries: Bool { get }

    /// Decides whether messages with this topic may go to a client, connected or not, that has subscribed to them:
    /// published, shared or retained ones. The answer is kept until a subscription of any client changes or
    /// `MQTTServer.reviewRights` is called; of shared subscriptions and retained messages it is asked each time. What waits
    /// in a session's queue already stays there.
    /// - Parameter user: the name under which the client connected last; empty for an anonymous one, `nil` if it is not
    ///   known.
    func authorizeDelivery(of topic: String, to clientID: String, user: String?) -> Bool

    /// Whether the host has so many messages to work on that clients should not be read until it has fewer. Asked after
    /// each read, and then every 20 ms until it is false; it must be cheap.
    var isCongested: Bool { get }

    /// True for topics that are of no use later: never queued for a client that is away. Asked once per topic and then
    /// remembered.
    func isVolatile(topic: String) -> Bool

    /// True for topics whose messages move something. Clients whose `SessionTerms` exclude commands do not get them. Asked
    /// for such clients only, once per topic.
    func isCommand(topic: String) -> Bool

    /// Told that a client's session begins, because there was none or the client wanted none continued, before the first
    /// PUBLISH in it. What its packet identifiers meant before, they mean no more.
    func sessionBegan(_ client: ClientContext)

    /// Told after the fact about sessions, refusals and dropped messages.
    func observe(_ event: SessionEvent)
}

extension BrokerPolicy {
    public func authenticate(_ request: ConnectRequest) -> Authentication { .accepted(.anonymous) }
    public func beginAuthentication(method: String, _ request: ConnectRequest) -> (any AuthenticationExchange)? { nil }
    public func authorizeSubscribe(_ filter: String, for client: ClientContext) -> ReasonCode? { nil }
    public func inspect(_ publish: borrowing PublishInspection) -> PublishVerdict { .forward }
    public func rewrite(_ publish: borrowing PublishInspection) -> Rewrite? { nil }
    public var authorizesDeliveries: Bool { false }
    public func authorizeDelivery(of topic: String, to clientID: String, user: String?) -> Bool { true }
    public var isCongested: Bool { false }
    public func isVolatile(topic: String) -> Bool { false }
    public func isCommand(topic: String) -> Bool { false }
    public func sessionBegan(_ client: ClientContext) {}
    public func observe(_ event: SessionEvent) {}
}

/// Lets everyone in and forwards everything.
public final class OpenPolicy: BrokerPolicy {
    public init() {}
}

/// A CONNECT packet as the policy sees it.
public struct ConnectRequest: Sendable {
    /// The will message that came with a CONNECT.
    public struct Will: Sendable {
        public var topic: String
        public var payload: [UInt8]
        public var qos: QoS
        public var retain: Bool

        public init(topic: String, payload: [UInt8], qos: QoS, retain: Bool) {
            self.topic = topic
            self.payload = payload
            self.qos = qos
            self.retain = retain
        }
    }

    /// The client identifier; the one the server assigns if the client left it empty.
    public var clientID: String
    public var userName: String?
    public var password: [UInt8]?
    public var will: Will?
    public var cleanStart: Bool
    public var version: ProtocolVersion
    public var keepAlive: UInt16
    public var remoteAddress: String
    public var listener: String
    public var shard: Int
    /// The name in the client's TLS certificate (the subject's common name, else its first DNS name or URI), which the
    /// configured authority has signed; `nil` if the client showed none.
    public var certificateIdentity: String?

    public init(
        clientID: String, userName: String? = nil, password: [UInt8]? = nil, will: Will? = nil,
        cleanStart: Bool = true, version: ProtocolVersion = .v5, keepAlive: UInt16 = 0, remoteAddress: String = "",
        listener: String = "", shard: Int = 0, certificateIdentity: String? = nil
    ) {
        self.certificateIdentity = certificateIdentity
        self.clientID = clientID
        self.userName = userName
        self.password = password
        self.will = will
        self.cleanStart = cleanStart
        self.version = version
        self.keepAlive = keepAlive
        self.remoteAddress = remoteAddress
        self.listener = listener
        self.shard = shard
    }
}

/// The policy's answer to a CONNECT.
public enum Authentication: Sendable {
    case accepted(Principal)
    /// The reason goes into the CONNACK; for MQTT 3 it becomes the nearest return code.
    case refused(ReasonCode)
}

/// What happens to a PUBLISH.
public enum PublishVerdict: Sendable, Hashable {
    /// Route it and acknowledge at once.
    case forward
    /// As `forward`, and store it as the topic's retained message although the publisher did not ask for that.
    case forwardRetained
    /// Route it now; the PUBACK or PUBREC leaves when the ticket is released. The same as `forward` for QoS 0 and wills.
    case hold(retained: Bool)
    /// Do not route it; the PUBACK or PUBREC leaves when the ticket is released.
    case holdOnly
    /// Do what `BrokerPolicy.rewrite` says, with the topic, payload and properties that it gives.
    case rewrite
    /// Do not route it; acknowledge at once with this reason code.
    case consume(ReasonCode)
    /// Do not route it; MQTT 5 gets this code in PUBACK or PUBREC, MQTT 3 a plain acknowledgement, QoS 0 nothing.
    case refuse(ReasonCode)
}

/// Names one PUBLISH whose acknowledgement waits for the host. Releasing a ticket whose connection has gone does
/// nothing to the wire.
public struct HoldTicket: Sendable, Hashable {
    /// The event loop to which the ticket belongs.
    public let shard: UInt16
    let slot: UInt32
    let generation: UInt32
    let sequence: UInt64

    init(shard: UInt16, slot: UInt32, generation: UInt32, sequence: UInt64) {
        self.shard = shard
        self.slot = slot
        self.generation = generation
        self.sequence = sequence
    }

    /// A ticket that belongs to no message: for QoS 0, for wills, and for tests of a policy.
    public static let none = HoldTicket(shard: 0, slot: .max, generation: .max, sequence: 0)
}
