import MQTTCodec
import NIOCore

/// The broker under test, reached over plain TCP with MQTT 3.1.1.
public struct BrokerAddress: Sendable, Hashable {
    /// A name or an IP address.
    public var host: String
    public var port: Int
    public var userName: String?
    public var password: String?

    public init(host: String = "127.0.0.1", port: Int = 1883, userName: String? = nil, password: String? = nil) {
        self.host = host
        self.port = port
        self.userName = userName
        self.password = password
    }

    /// The CONNECT of a clean session.
    func connect(clientID: String) -> Packet {
        .connect(
            Connect(
                version: .v3_1_1, clientID: clientID, cleanStart: true, userName: userName,
                password: password.map { ByteBuffer(string: $0) }))
    }
}
