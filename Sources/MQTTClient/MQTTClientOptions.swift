public import MQTTCodec
public import NIOCore

extension MQTTClient {
    /// Where and how to connect.
    public struct Options: Sendable {
        public var host: String
        public var port: Int
        /// May be empty where the server assigns one.
        public var clientID: String
        public var version: ProtocolVersion = .v3_1_1
        public var cleanStart = true
        /// Seconds; 0 turns the keep-alive off. A Server Keep Alive in CONNACK takes its place [MQTT-3.2.2-21].
        public var keepAliveSeconds: UInt16 = 30
        public var userName: String?
        public var password: String?
        public var will: Will?
        /// Properties of CONNECT; MQTT 5.0 only. Receive Maximum, Maximum Packet Size and Topic Alias Maximum are
        /// enforced against the server.
        public var properties = Properties()
        /// What an earlier connection of the same client identifier left unfinished. It is used when `cleanStart` is
        /// false and the server still has the session.
        public var session = Session()
        /// From the start of the TCP connection to the CONNACK.
        public var connectTimeout: TimeAmount = .seconds(10)
        /// For each PUBACK, PUBREC, PUBCOMP, SUBACK and UNSUBACK that a caller waits for, and for an answer to PINGREQ.
        public var responseTimeout: TimeAmount = .seconds(30)
        /// How many publishes of QoS 1 and 2 may wait for the server's Receive Maximum.
        public var maximumQueuedPublishes = 100_000
        /// The largest packet to accept, in bytes, where `properties` sets no Maximum Packet Size.
        public var maximumPacketSize = 16 * 1024 * 1024
        /// Whether the client tells the server that it is a bridge (see `Connect.isBridge`).
        public var isBridge = false
        /// Whether QoS 1 messages are acknowledged by `MQTTClient.acknowledge(_:)` instead of when `onMessage` returns.
        public var acknowledgesByHand = false
        /// Called on the event loop before anything is sent, to put handlers such as TLS in front.
        public var prepareChannel: (@Sendable (any Channel) throws -> Void)?

        public init(host: String, port: Int, clientID: String) {
            self.host = host
            self.port = port
            self.clientID = clientID
        }

        var connect: Connect {
            var connect = Connect(
                version: version, clientID: clientID, cleanStart: cleanStart, keepAlive: keepAliveSeconds, will: will,
                userName: userName, password: password.map { ByteBuffer(string: $0) }, properties: properties)
            connect.isBridge = isBridge
            return connect
        }
    }

    /// A message that a subscription brought.
    public struct ReceivedMessage: Sendable, Hashable {
        public var topic: String
        public var payload: ByteBuffer
        public var qos: QoS
        public var retain: Bool
        public var dup: Bool
        /// Empty before MQTT 5.0.
        public var properties: Properties
        /// What to acknowledge by hand; `nil` where nothing has to be.
        public var packetID: UInt16?
    }

    /// What the server said in its CONNACK.
    public struct ConnectInfo: Sendable, Hashable {
        public var sessionPresent: Bool
        /// Empty before MQTT 5.0.
        public var properties: Properties
    }
}
