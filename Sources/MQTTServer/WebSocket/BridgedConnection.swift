import MQTTBroker
import NIOCore
import NIOTLS
import Synchronization

/// The bytes of one connection that are between two loops. Each side stops giving when they are too many, so that a
/// slow loop does not fill the memory.
final class BytesUnderWay: Sendable {
    private static let limit = 262_144

    private let count = Atomic<Int>(0)

    var areTooMany: Bool { count.load(ordering: .acquiring) > Self.limit }

    func add(_ bytes: Int) { count.wrappingAdd(bytes, ordering: .acquiringAndReleasing) }

    /// The other loop has them.
    /// - Returns: whether they were too many and no longer are, so that the giving side has to be told.
    func remove(_ bytes: Int) -> Bool {
        let before = count.wrappingSubtract(bytes, ordering: .acquiringAndReleasing).oldValue
        return before > Self.limit && before - bytes <= Self.limit
    }
}

/// The broker's end of a connection that another event loop serves: bytes cross from one loop to the other. All of it
/// happens on the broker's loop.
final class BridgedConnection: Transport {
    private let loop: BrokerLoop
    private let channel: any Channel
    private let handler: NIOLoopBound<BridgeHandler>
    private let received: BytesUnderWay
    private let written: BytesUnderWay
    private var id: ConnectionID?
    private var isReading = true

    init(
        loop: BrokerLoop, channel: any Channel, handler: NIOLoopBound<BridgeHandler>, received: BytesUnderWay,
        written: BytesUnderWay
    ) {
        self.loop = loop
        self.channel = channel
        self.handler = handler
        self.received = received
        self.written = written
    }

    // MARK: From the other loop

    func open(_ peer: Peer) {
        id = loop.open(self, from: peer)
        if id == nil { channel.close(promise: nil) }
    }

    /// The client has shown a certificate with this name.
    func identify(as name: String) {
        if let id { loop.identify(id, as: name) }
    }

    func receive(_ bytes: ByteBuffer) {
        if let id { loop.receive(id, bytes) }
        guard received.remove(bytes.readableBytes) else { return }
        channel.eventLoop.execute { [handler] in handler.value.readMore() }
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

    var isWritable: Bool { channel.isWritable && !written.areTooMany }

    func write(_ bytes: ByteBuffer) {
        written.add(bytes.readableBytes)
        channel.eventLoop.execute { [handler] in handler.value.write(bytes) }
    }

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
    /// Whether to look for a certificate of the client.
    private let asksForCertificate: Bool
    private let received = BytesUnderWay()
    private let written = BytesUnderWay()
    private var far: NIOLoopBoundBox<BridgedConnection?>?
    private var context: ChannelHandlerContext?
    private var isReading = true
    private var isReadPending = false
    private var isFinishing = false

    init(loop: BrokerLoop, peer: Peer, asksForCertificate: Bool = false) {
        self.loop = loop
        self.peer = peer
        self.asksForCertificate = asksForCertificate
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        let handler = NIOLoopBound(self, eventLoop: context.eventLoop)
        let (loop, peer, channel, received, written) = (loop, peer, context.channel, received, written)
        let far = NIOLoopBoundBox<BridgedConnection?>.makeEmptyBox(eventLoop: loop.eventLoop)
        self.far = far
        loop.eventLoop.execute {
            let connection = BridgedConnection(
                loop: loop, channel: channel, handler: handler, received: received, written: written)
            far.value = connection
            connection.open(peer)
        }
        // Set up behind a WebSocket, the handler comes when the handshake is over.
        identify(context)
    }

    private func identify(_ context: ChannelHandlerContext) {
        guard asksForCertificate, let name = CertificateIdentity.name(shownOn: context) else { return }
        onFarLoop { $0.identify(as: name) }
    }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func setReading(_ reading: Bool) {
        isReading = reading
        readMore()
    }

    /// Reads if that was put off and nothing stands against it any longer.
    func readMore() {
        guard isReading, isReadPending, !received.areTooMany, let context else { return }
        isReadPending = false
        context.read()
    }

    func write(_ bytes: ByteBuffer) {
        context?.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
        guard written.remove(bytes.readableBytes), let context else { return }
        let isWritable = context.channel.isWritable
        onFarLoop { $0.setWritable(isWritable) }
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
        received.add(bytes.readableBytes)
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
        if case .handshakeCompleted? = event as? TLSUserEvent { identify(context) }
        context.fireUserInboundEventTriggered(event)
    }

    func read(context: ChannelHandlerContext) {
        if isReading, !received.areTooMany { context.read() } else { isReadPending = true }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    private func onFarLoop(_ body: @escaping @Sendable (BridgedConnection) -> Void) {
        guard let far else { return }
        loop.eventLoop.execute {
            if let connection = far.value { body(connection) }
        }
    }
}
