public import MQTTBroker

/// Decides which MQTT clients are let in.
public protocol Gatekeeper: Sendable {
    /// Called on the event loop for every well-formed CONNECT; must not block.
    func admit(_ request: ConnectRequest) -> Authentication
}
