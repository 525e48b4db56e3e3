public import MQTTBroker

/// Decides which MQTT clients are let in.
public protocol Gatekeeper: Sendable {
    /// Called on the event loop for every well-formed CONNECT; must not block.
    func admit(_ request: ConnectRequest) -> Authentication

    /// Called in place of `admit` for a client that names an authentication method; `nil` if it is not offered.
    func beginAuthentication(method: String, _ request: ConnectRequest) -> (any AuthenticationExchange)?
}

extension Gatekeeper {
    public func beginAuthentication(method: String, _ request: ConnectRequest) -> (any AuthenticationExchange)? { nil }
}
