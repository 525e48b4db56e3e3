public import NIOCore
import NIOHTTP1
import NIOWebSocket

/// Turns an HTTP connection into a WebSocket that carries MQTT (MQTT 5.0 section 6).
public struct WebSocketUpgrade: Sendable {
    /// The names that clients ask for, MQTT 3.1.1 and 5.0 first.
    private static let subprotocols = ["mqtt", "mqttv3.1"]

    private let maximumPacketSize: Int
    private let timeLimit: TimeAmount
    private let allowedOrigins: [String]
    private let addHandlers: @Sendable (any Channel) throws -> Void

    /// - Parameters:
    ///   - maximumPacketSize: the largest MQTT packet that the server takes, in bytes; frames may be a little larger.
    ///   - timeLimit: how long the HTTP request may take.
    ///   - allowedOrigins: origins, such as `https://example.org`, of pages that may connect besides those of the same
    ///     host.
    ///   - addHandlers: adds to the upgraded channel what speaks MQTT in `ByteBuffer`s.
    public init(
        maximumPacketSize: Int, timeLimit: TimeAmount, allowedOrigins: [String],
        addHandlers: @escaping @Sendable (any Channel) throws -> Void
    ) {
        self.maximumPacketSize = maximumPacketSize
        self.timeLimit = timeLimit
        self.allowedOrigins = allowedOrigins
        self.addHandlers = addHandlers
    }

    /// Sets up a connection that has just been accepted. Must be called on its event loop.
    public func configure(_ channel: any Channel) throws {
        let deadline = channel.eventLoop.scheduleTask(in: timeLimit) { channel.close(promise: nil) }
        channel.closeFuture.whenComplete { _ in deadline.cancel() }
        let fallback = HTTPRefusal()
        let allowedOrigins = allowedOrigins
        let addHandlers = addHandlers
        let upgrader = NIOWebSocketServerUpgrader(
            maxFrameSize: min(max(maximumPacketSize + 5, 16_384), Int(UInt32.max)),
            shouldUpgrade: { channel, head in
                channel.eventLoop.makeSucceededFuture(Self.answer(to: head, allowedOrigins: allowedOrigins))
            },
            upgradePipelineHandler: { channel, _ in
                channel.eventLoop.makeCompletedFuture {
                    deadline.cancel()
                    try channel.pipeline.syncOperations.addHandler(WebSocketFrames())
                    try addHandlers(channel)
                }
            })
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
    private static func answer(to head: HTTPRequestHead, allowedOrigins: [String]) -> HTTPHeaders? {
        guard isAllowed(head, allowedOrigins) else { return nil }
        let offered = head.headers[canonicalForm: "sec-websocket-protocol"].map(String.init)
        // The client must offer one of the names, and is told which it got [MQTT-6.0.0-3], [MQTT-6.0.0-4].
        guard let chosen = subprotocols.first(where: offered.contains) else { return nil }
        return ["Sec-WebSocket-Protocol": chosen]
    }

    /// A browser tells from which page a connection comes. Pages of other hosts must not reach a broker that lets
    /// anonymous clients in because it listens on the loopback interface only.
    private static func isAllowed(_ head: HTTPRequestHead, _ allowedOrigins: [String]) -> Bool {
        guard let origin = head.headers.first(name: "origin") else { return true }
        if allowedOrigins.contains(origin) { return true }
        guard let host = head.headers.first(name: "host"), let scheme = origin.firstIndex(of: ":") else { return false }
        return hostName(origin[scheme...].drop { $0 == ":" || $0 == "/" }) == hostName(host[...])
    }

    /// `example.org:8083` without the port; an IPv6 address stays in its brackets.
    private static func hostName(_ authority: Substring) -> String {
        if authority.hasPrefix("["), let end = authority.firstIndex(of: "]") {
            return authority[...end].lowercased()
        }
        return authority.prefix { $0 != ":" && $0 != "/" }.lowercased()
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
