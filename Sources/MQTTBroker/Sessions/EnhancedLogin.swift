import MQTTCodec
import NIOCore

/// The enhanced authentication of one connection, kept for as long as the connection, as the client may repeat it.
final class EnhancedLogin {
    let method: String
    /// What the policy was asked first, and is asked again for a re-authentication.
    let request: ConnectRequest
    /// The run that waits for the client's next AUTH.
    var exchange: (any AuthenticationExchange)?
    /// The CONNECT that waits for the end of the first run.
    var connect: Connect?
    let isAssigned: Bool
    /// Goes with the CONNACK.
    var finalData: [UInt8]?

    init(
        method: String, request: ConnectRequest, exchange: any AuthenticationExchange, connect: Connect,
        isAssigned: Bool
    ) {
        self.method = method
        self.request = request
        self.exchange = exchange
        self.connect = connect
        self.isAssigned = isAssigned
    }

    /// The properties of an AUTH or CONNACK of this login.
    func properties(_ data: [UInt8]?) -> [Property] {
        var properties: [Property] = [.authenticationMethod(method)]
        if let data { properties.append(.authenticationData(ByteBuffer(bytes: data))) }
        return properties
    }
}
