import MQTTBroker
import MQTTWebSocket
public import NIOCore

extension MQTTServer {
    /// Carries MQTT over WebSocket on a connection that somebody else has accepted: the HTTP server, for requests of the
    /// path `/mqtt`. The connection's pipeline must be empty behind the caller's own handler, which afterwards passes on
    /// the bytes of the upgrade request and leaves. Must be called on the channel's event loop, which need not be one of
    /// the broker's.
    ///
    /// For policies the listener is `http` and the local address, and the client's address is `client`: behind a balancer
    /// the address that it names.
    /// - Throws: if the address of the client has too many connections; close the channel then.
    public func serveWebSocket(on channel: any Channel, client: SocketAddress?) throws {
        guard gate.admit(channel, client) else { throw ChannelError.inappropriateOperationForState }
        let terms = terms.current
        let peer = Peer(
            address: Peer.text(client), listener: "http \(Peer.text(channel.localAddress))",
            isLenient: terms.isLenient(.webSocket, at: nil))
        let loop = firstLoop
        let upgrade = WebSocketUpgrade(timeLimit: .seconds(Int64(terms.connectTimeout)), origins: terms.origins) {
            channel in
            try channel.pipeline.syncOperations.addHandler(BridgeHandler(loop: loop, peer: peer))
        }
        try upgrade.configure(channel)
    }
}
