public import NIOCore

/// CONNECT (MQTT 5.0 section 3.1).
public struct Connect: Sendable, Hashable {
    public var version: ProtocolVersion
    /// May be empty: whether that is allowed depends on the version and on `cleanStart`.
    public var clientID: String
    /// Clean Start, called Clean Session before MQTT 5.0.
    public var cleanStart: Bool
    /// Seconds; 0 turns the keep-alive off.
    public var keepAlive: UInt16
    public var will: Will?
    public var userName: String?
    public var password: ByteBuffer?
    public var properties: Properties

    public init(
        version: ProtocolVersion, clientID: String, cleanStart: Bool = true, keepAlive: UInt16 = 0, will: Will? = nil,
        userName: String? = nil, password: ByteBuffer? = nil, properties: Properties = Properties()
    ) {
        self.version = version
        self.clientID = clientID
        self.cleanStart = cleanStart
        self.keepAlive = keepAlive
        self.will = will
        self.userName = userName
        self.password = password
        self.properties = properties
    }
}

/// The Will Message that a CONNECT leaves with the server.
public struct Will: Sendable, Hashable {
    public var topic: String
    public var payload: ByteBuffer
    public var qos: QoS
    public var retain: Bool
    public var properties: Properties

    public init(
        topic: String, payload: ByteBuffer, qos: QoS = .atMostOnce, retain: Bool = false,
        properties: Properties = Properties()
    ) {
        self.topic = topic
        self.payload = payload
        self.qos = qos
        self.retain = retain
        self.properties = properties
    }
}
