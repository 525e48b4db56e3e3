import MQTTBroker
import NIOCore

/// The broker's end of a connection that another event loop serves: bytes cross from one loop to the other. All of it
/// happens on the broker's loop.
final class BridgedConnection: Transport {
    private let loop: BrokerLoop
    private let channel: any Channel
    private let handler: NIOLoopBound<BridgeHandler>
    private var id: ConnectionID?
    private var isReading = true

    init(loop: BrokerLoop, channel: any Channel, handler: NIOLoopBound<BridgeHandler>) {
        self.loop = loop
        self.channel = channel
        self.handler = handler
    }

    // MARK: From the other loop

    func open(_ peer: Peer) {
        id = loop.open(self, from: peer)
        if id == nil { channel.close(promise: nil) }
    }

    func receive(_ bytes: ByteBuffer) {
        if let id { loop.receive(id, bytes) }
    }

    func setWritable(_ isWritable: Bool) {
        if let id { loop.setWritable(id, isWritable) }
    }

    func closed() {
        guard let id else { return }
        self.id = nil
        loop.closed(id)
    }

    // MARK: Transport

    var isWritable: Bool { channel.isWritable }

    func write(_ bytes: ByteBuffer) { channel.writeAndFlush(bytes, promise: nil) }

    func setReading(_ reading: Bool) {
        guard reading != isReading else { return }
        isReading = reading
        channel.eventLoop.execute { [handler] in handler.value.setReading(reading) }
    }

    func finish() {
        channel.eventLoop.execute { [handler] in handler.value.finish() }
    }

    func closeNow() { channel.close(promise: nil) }
}

/// The other end, in the pipeline of a channel on a loop that is not the broker's.
final class BridgeHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private static let farewell = TimeAmount.seconds(1)

    private let loop: BrokerLoop
    private let peer: Peer
    private var far: NIOLoopBoundBox<BridgedConnection?>?
    private var context: ChannelHandlerContext?
    private var isReading = true
    private var isReadPending = false
    private var isFinishing = false

    init(loop: BrokerLoop, peer: Peer) {
        self.loop = loop
        self.peer = peer
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        let handler = NIOLoopBound(self, eventLoop: context.eventLoop)
        let (loop, peer, channel) = (loop, peer, context.channel)
        let far = NIOLoopBoundBox<BridgedConnection?>.makeEmptyBox(eventLoop: loop.eventLoop)
        self.far = far
        loop.eventLoop.execute {
            let connection = BridgedConnection(loop: loop, channel: channel, handler: handler)
            far.value = connection
            connection.open(peer)
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func setReading(_ reading: Bool) {
        isReading = reading
        guard reading, isReadPending, let context else { return }
        isReadPending = false
        context.read()
    }

    func finish() {
        guard !isFinishing, let context else { return }
        isFinishing = true
        setReading(true)
        context.close(mode: .output, promise: nil)
        let channel = context.channel
        context.eventLoop.scheduleTask(in: Self.farewell) { channel.close(promise: nil) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isFinishing else { return }
        let bytes = unwrapInboundIn(data)
        onFarLoop { $0.receive(bytes) }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        let isWritable = context.channel.isWritable
        onFarLoop { $0.setWritable(isWritable) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        onFarLoop { $0.closed() }
        context.fireChannelInactive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        // Where half-closed connections are kept open, the client's end of its side is the end all the same.
        if case ChannelEvent.inputClosed = event { context.close(promise: nil) }
        context.fireUserInboundEventTriggered(event)
    }

    func read(context: ChannelHandlerContext) {
        if isReading { context.read() } else { isReadPending = true }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    private func onFarLoop(_ body: @escaping @Sendable (BridgedConnection) -> Void) {
        guard let far else { return }
        loop.eventLoop.execute {
            if let connection = far.value { body(connection) }
        }
    }
}
