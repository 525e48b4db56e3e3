public import NIOCore
import NIOHTTP1
import NIOWebSocket

/// Turns an HTTP connection into a WebSocket that carries MQTT (MQTT 5.0 section 6).
public struct WebSocketUpgrade: Sendable {
    /// The names that clients ask for, MQTT 3.1.1 and 5.0 first.
    private static let subprotocols = ["mqtt", "mqttv3.1"]

    private let timeLimit: TimeAmount
    private let origins: PageOrigins
    private let addHandlers: @Sendable (any Channel) throws -> Void

    /// - Parameters:
    ///   - timeLimit: how long the HTTP request may take.
    ///   - origins: the web pages that may connect.
    ///   - addHandlers: adds to the upgraded channel what speaks MQTT in `ByteBuffer`s.
    public init(
        timeLimit: TimeAmount, origins: PageOrigins,
        addHandlers: @escaping @Sendable (any Channel) throws -> Void
    ) {
        self.timeLimit = timeLimit
        self.origins = origins
        self.addHandlers = addHandlers
    }

    /// Sets up a connection that has just been accepted. Must be called on its event loop.
    public func configure(_ channel: any Channel) throws {
        let deadline = channel.eventLoop.scheduleTask(in: timeLimit) { channel.close(promise: nil) }
        channel.closeFuture.whenComplete { _ in deadline.cancel() }
        let fallback = HTTPRefusal()
        let origins = origins
        let addHandlers = addHandlers
        let upgrader = WebSocketUpgrader(answer: { Self.answer(to: $0, origins: origins) }) { channel in
            deadline.cancel()
            try addHandlers(channel)
        }
        let bound = NIOLoopBound(fallback, eventLoop: channel.eventLoop)
        try channel.pipeline.syncOperations.configureHTTPServerPipeline(
            withPipeliningAssistance: false,
            withServerUpgrade: (
                upgraders: [upgrader],
                completionHandler: { context in
                    context.pipeline.syncOperations.removeHandler(bound.value, promise: nil)
                }
            ))
        try channel.pipeline.syncOperations.addHandler(fallback)
    }

    /// The headers of the answer, or `nil` to refuse.
    private static func answer(to head: HTTPRequestHead, origins: PageOrigins) -> HTTPHeaders? {
        guard origins.admits(origin: head.headers.first(name: "origin"), host: head.headers.first(name: "host")) else {
            return nil
        }
        let offered = head.headers[canonicalForm: "sec-websocket-protocol"].map(String.init)
        // The client must offer one of the names, and is told which it got [MQTT-6.0.0-3], [MQTT-6.0.0-4].
        guard let chosen = subprotocols.first(where: offered.contains) else { return nil }
        return ["Sec-WebSocket-Protocol": chosen]
    }
}

/// Answers every HTTP request that is no WebSocket upgrade for MQTT.
private final class HTTPRefusal: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .end = unwrapInboundIn(data) else { return }
        let body = ByteBuffer(string: "This is an MQTT broker: connect by WebSocket with the subprotocol mqtt.\n")
        let head = HTTPResponseHead(
            version: .http1_1, status: .badRequest,
            headers: [
                "Content-Type": "text/plain; charset=utf-8", "Content-Length": "\(body.readableBytes)",
                "Connection": "close",
            ])
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
        let channel = context.channel
        context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { _ in channel.close(promise: nil) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A refused upgrade is reported here, and its request comes all the same.
        if !(error is NIOWebSocketUpgradeError) { context.close(promise: nil) }
    }
}
