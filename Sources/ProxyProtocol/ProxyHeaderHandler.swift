public import NIOCore

/// Takes the PROXY header off the front of a connection, has the rest of the pipeline set up for the address in it, and
/// leaves the pipeline. A connection without such a header is closed, one whose header does not come in time too.
public final class ProxyHeaderHandler: ChannelInboundHandler, RemovableChannelHandler {
    public typealias InboundIn = ByteBuffer
    public typealias InboundOut = ByteBuffer

    /// Sets up the pipeline behind the handler, on the channel's event loop; fails to have the connection closed.
    /// `source` is `nil` where the header names no address: the balancer then speaks for itself.
    public typealias Configure = (_ channel: any Channel, _ source: SocketAddress?) -> EventLoopFuture<Void>

    private let timeLimit: TimeAmount
    private let configure: Configure
    private var bytes = ByteBuffer()
    private var deadline: Scheduled<Void>?
    private var isDone = false

    /// - Parameter timeLimit: how long the whole header may take.
    public init(timeLimit: TimeAmount, configure: @escaping Configure) {
        self.timeLimit = timeLimit
        self.configure = configure
    }

    public func handlerAdded(context: ChannelHandlerContext) {
        let channel = context.channel
        deadline = context.eventLoop.scheduleTask(in: timeLimit) { channel.close(promise: nil) }
    }

    public func handlerRemoved(context: ChannelHandlerContext) { deadline?.cancel() }

    public func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var more = unwrapInboundIn(data)
        bytes.writeBuffer(&more)
        guard !isDone else { return }
        switch ProxyHeader.parse(bytes.readableBytesView) {
        case .incomplete: return
        case .invalid:
            isDone = true
            context.close(promise: nil)
        case .header(let source, let length):
            isDone = true
            bytes.moveReaderIndex(forwardBy: length)
            configure(context.channel, source).assumeIsolated().whenComplete { result in
                switch result {
                case .success: self.passOn(context)
                case .failure: context.close(promise: nil)
                }
            }
        }
    }

    public func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        // The header will never be whole, or the server is to end.
        case is ChannelShouldQuiesceEvent where !isDone, ChannelEvent.inputClosed where !isDone:
            context.close(promise: nil)
        default: context.fireUserInboundEventTriggered(event)
        }
    }

    public func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    private func passOn(_ context: ChannelHandlerContext) {
        if bytes.readableBytes > 0 {
            context.fireChannelRead(wrapInboundOut(bytes))
            context.fireChannelReadComplete()
        }
        bytes = ByteBuffer()
        context.pipeline.syncOperations.removeHandler(self, promise: nil)
    }
}
