public import MQTTCodec

/// One run of an enhanced authentication method (MQTT 5.0 section 4.12), made by `BrokerPolicy.beginAuthentication` for
/// one CONNECT or one re-authentication. Used on one event loop; must not block.
public protocol AuthenticationExchange: AnyObject {
    /// Takes what the client says: the Authentication Data of its CONNECT first, then that of each AUTH; `nil` if the
    /// packet has none.
    func receive(_ data: [UInt8]?) -> AuthenticationStep
}

/// What an authentication method answers to the client.
public enum AuthenticationStep: Sendable {
    /// Go on: these bytes are the Authentication Data of an AUTH packet with 0x18.
    case challenge([UInt8])
    /// The client is who it says. The bytes go with the CONNACK, or with the AUTH that ends a re-authentication.
    case accepted(Principal, data: [UInt8]?)
    /// The connection ends with this reason code.
    case refused(ReasonCode)
}

/// An exchange that ends with a refusal at once: for a client that the policy does not take, whoever it is.
public final class RefusedExchange: AuthenticationExchange {
    private let reason: ReasonCode

    public init(_ reason: ReasonCode) { self.reason = reason }

    public func receive(_ data: [UInt8]?) -> AuthenticationStep { .refused(reason) }
}
