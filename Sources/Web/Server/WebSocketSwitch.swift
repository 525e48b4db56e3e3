import HummingbirdCore
import Logging
import NIOCore

/// Serves HTTP, and hands connections that begin with a request for the WebSocket at `/mqtt` to the broker.
struct WebSocketSwitch: ServerChildChannel {
    /// Takes a connection of a client with this address, whose pipeline is empty; throws to have it closed.
    typealias Upgrade = @Sendable (_ channel: any Channel, _ client: SocketAddress?) throws -> Void

    /// Who serves a connection, once its first bytes have told.
    enum Outcome: Sendable {
        case http(HTTP1Channel.Value)
        case webSocket
    }

    struct Value: ServerChildChannelValue {
        let channel: any Channel
        let outcome: EventLoopFuture<Outcome>
    }

    let http: HTTP1Channel
    let upgrade: Upgrade
    let client: SocketAddress?
    /// A connection that says nothing is closed after this time.
    let timeLimit: @Sendable () -> TimeAmount

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        channel.eventLoop.makeCompletedFuture {
            let promise = channel.eventLoop.makePromise(of: Outcome.self)
            let handler = FirstRequestHandler(
                http: http, upgrade: upgrade, client: client, timeLimit: timeLimit(), outcome: promise, logger: logger)
            try channel.pipeline.syncOperations.addHandler(handler)
            return Value(channel: channel, outcome: promise.futureResult)
        }
    }

    func handle(value: Value, logger: Logger) async {
        switch try? await value.outcome.get() {
        case .http(let connection)?: await http.handle(value: connection, logger: logger)
        case .webSocket?: try? await value.channel.closeFuture.get()
        case nil: value.channel.close(promise: nil)
        }
    }
}

/// Reads the head of the first request, sets up the rest of the pipeline by it, passes the bytes on and leaves.
private final class FirstRequestHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private static let path = Array("GET /mqtt".utf8)

    private let http: HTTP1Channel
    private let upgrade: WebSocketSwitch.Upgrade
    private let client: SocketAddress?
    private let timeLimit: TimeAmount
    private let outcome: EventLoopPromise<WebSocketSwitch.Outcome>
    private let logger: Logger
    private var bytes = ByteBuffer()
    private var deadline: Scheduled<Void>?
    private var isDone = false

    init(
        http: HTTP1Channel, upgrade: @escaping WebSocketSwitch.Upgrade, client: SocketAddress?,
        timeLimit: TimeAmount, outcome: EventLoopPromise<WebSocketSwitch.Outcome>, logger: Logger
    ) {
        self.http = http
        self.upgrade = upgrade
        self.client = client
        self.timeLimit = timeLimit
        self.outcome = outcome
        self.logger = logger
    }

    func handlerAdded(context: ChannelHandlerContext) {
        let channel = context.channel
        deadline = context.eventLoop.scheduleTask(in: timeLimit) { channel.close(promise: nil) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        deadline?.cancel()
        if !isDone { outcome.fail(ChannelError.eof) }
        isDone = true
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var more = unwrapInboundIn(data)
        bytes.writeBuffer(&more)
        guard !isDone, let isWebSocket = isForWebSocket else { return }
        isDone = true
        deadline?.cancel()
        do {
            if isWebSocket {
                try upgrade(context.channel, client)
                outcome.succeed(.webSocket)
                passOn(context)
            } else {
                let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
                http.setup(channel: context.channel, logger: logger).assumeIsolated().whenComplete { [outcome] result in
                    let (handler, context) = bound.value
                    switch result {
                    case .success(let connection):
                        outcome.succeed(.http(connection))
                        handler.passOn(context)
                    case .failure(let error):
                        outcome.fail(error)
                        context.close(promise: nil)
                    }
                }
            }
        } catch {
            outcome.fail(error)
            context.close(promise: nil)
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        // The client will say no more, or the server is to end.
        case is ChannelShouldQuiesceEvent where !isDone, ChannelEvent.inputClosed where !isDone:
            context.close(promise: nil)
        default: context.fireUserInboundEventTriggered(event)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    /// Whether the request is for the broker; `nil` while that can't be told. Whether it is a proper upgrade is for the
    /// broker to say.
    private var isForWebSocket: Bool? {
        let start = bytes.readableBytesView.prefix(Self.path.count + 1)
        guard start.starts(with: Self.path.prefix(start.count)) else { return false }
        guard start.count > Self.path.count else { return nil }
        let next = start[start.index(start.startIndex, offsetBy: Self.path.count)]
        return next == UInt8(ascii: " ") || next == UInt8(ascii: "?")
    }

    private func passOn(_ context: ChannelHandlerContext) {
        context.fireChannelActive()
        context.fireChannelRead(wrapInboundOut(bytes))
        context.fireChannelReadComplete()
        bytes = ByteBuffer()
        context.pipeline.syncOperations.removeHandler(self, promise: nil)
    }
}
