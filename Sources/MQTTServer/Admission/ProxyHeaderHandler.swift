import NIOCore

/// Takes the PROXY header off the front of a connection, has the rest of the pipeline set up for the address in it, and
/// leaves the pipeline.
final class ProxyHeaderHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let timeLimit: TimeAmount
    /// Sets up the pipeline behind this handler; throws to have the connection closed.
    private let configure: (_ channel: any Channel, _ source: SocketAddress?) throws -> Void
    private var bytes = ByteBuffer()
    private var deadline: Scheduled<Void>?
    private var isDone = false

    init(timeLimit: TimeAmount, configure: @escaping (_ channel: any Channel, _ source: SocketAddress?) throws -> Void)
    {
        self.timeLimit = timeLimit
        self.configure = configure
    }

    func handlerAdded(context: ChannelHandlerContext) {
        let channel = context.channel
        deadline = context.eventLoop.scheduleTask(in: timeLimit) { channel.close(promise: nil) }
    }

    func handlerRemoved(context: ChannelHandlerContext) { deadline?.cancel() }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
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
            do {
                try configure(context.channel, source)
            } catch {
                context.close(promise: nil)
                return
            }
            if bytes.readableBytes > 0 { context.fireChannelRead(wrapInboundOut(bytes)) }
            bytes = ByteBuffer()
            context.pipeline.syncOperations.removeHandler(self, promise: nil)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
