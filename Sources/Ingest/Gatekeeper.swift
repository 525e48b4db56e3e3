public import GarageDomain
public import MQTTBroker

/// Decides which MQTT clients are let in, and what they may do.
public protocol Gatekeeper: Sendable {
    /// Called on the event loop for every well-formed CONNECT; must not block.
    func admit(_ request: ConnectRequest) -> Authentication

    /// Called in place of `admit` for a client that names an authentication method; `nil` if it is not offered.
    func beginAuthentication(method: String, _ request: ConnectRequest) -> (any AuthenticationExchange)?

    /// Whether a client with a name may publish on the topic. Called on the event loop for every such message.
    func mayPublish(_ topic: String, _ client: ClientContext) -> Bool

    /// Whether a client with a name may subscribe to the filter, which is without its share name.
    func maySubscribe(_ filter: String, _ client: ClientContext) -> Bool

    /// Whether a client may move the gate now.
    func mayMove(_ gate: Subject, _ client: ClientContext) -> Bool

    /// Whether a device with a password has that user name.
    func isDevice(_ user: String) -> Bool

    /// Whether the user was a device once and is none any more.
    func isRemoved(_ user: String) -> Bool

    /// Whether somebody could have this name, so that it may be shown: whoever mistakes the fields puts a password there.
    func canBeName(_ text: String) -> Bool
}

extension Gatekeeper {
    public func beginAuthentication(method: String, _ request: ConnectRequest) -> (any AuthenticationExchange)? { nil }
    public func mayPublish(_ topic: String, _ client: ClientContext) -> Bool { true }
    public func maySubscribe(_ filter: String, _ client: ClientContext) -> Bool { true }
    public func mayMove(_ gate: Subject, _ client: ClientContext) -> Bool { true }
    public func isDevice(_ user: String) -> Bool { false }
    public func isRemoved(_ user: String) -> Bool { false }
    public func canBeName(_ text: String) -> Bool { false }
}
