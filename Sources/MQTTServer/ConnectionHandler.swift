import MQTTBroker
import NIOCore
import NIOTLS

/// The one channel handler of a connection: passes bytes to the loop's core and writes what the core has for it.
final class ConnectionHandler: ChannelDuplexHandler, Transport {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// How long a client may take to read the reason why it is being closed.
    private static let farewell = TimeAmount.seconds(1)

    private let loop: BrokerLoop
    private let peer: Peer
    /// Whether to look for a certificate of the client.
    private let asksForCertificate: Bool
    private var id: ConnectionID?
    private var context: ChannelHandlerContext?
    private var isReading = true
    private var isReadPending = false
    private var isFinishing = false

    init(loop: BrokerLoop, peer: Peer, asksForCertificate: Bool = false) {
        self.loop = loop
        self.peer = peer
        self.asksForCertificate = asksForCertificate
    }

    // MARK: For the loop

    var isWritable: Bool { context?.channel.isWritable ?? false }

    func write(_ bytes: ByteBuffer) {
        guard let context else { return }
        context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
    }

    /// Stops or resumes taking bytes from the socket.
    func setReading(_ reading: Bool) {
        isReading = reading
        guard reading, isReadPending, let context else { return }
        isReadPending = false
        context.read()
    }

    /// Closes in a way that lets the client read what was written last: closing a socket at once while it holds
    /// unread bytes would make the system throw that away.
    func finish() {
        guard !isFinishing, let context else { return }
        isFinishing = true
        setReading(true)
        context.close(mode: .output, promise: nil)
        let channel = context.channel
        context.eventLoop.scheduleTask(in: Self.farewell) { channel.close(promise: nil) }
    }

    func closeNow() {
        isFinishing = true
        context?.close(promise: nil)
    }

    // MARK: ChannelDuplexHandler

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        if context.channel.isActive { open(context) }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
    }

    func channelActive(context: ChannelHandlerContext) {
        open(context)
        context.fireChannelActive()
    }

    private func open(_ context: ChannelHandlerContext) {
        guard id == nil else { return }
        id = loop.open(self, from: peer)
        guard id != nil else {
            context.close(promise: nil)
            return
        }
        // Set up behind a WebSocket, the handler comes when the handshake is over.
        identify(context)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted? = event as? TLSUserEvent { identify(context) }
        context.fireUserInboundEventTriggered(event)
    }

    private func identify(_ context: ChannelHandlerContext) {
        guard asksForCertificate, let id, let name = CertificateIdentity.name(shownOn: context) else { return }
        loop.identify(id, as: name)
    }

    func channelInactive(context: ChannelHandlerContext) {
        if let id {
            self.id = nil
            loop.closed(id)
        }
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard let id, !isFinishing else { return }
        loop.receive(id, unwrapInboundIn(data))
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if let id { loop.setWritable(id, context.channel.isWritable) }
    }

    func read(context: ChannelHandlerContext) {
        if isReading { context.read() } else { isReadPending = true }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A connection reset or a broken pipe: the core hears of it as a lost connection.
        context.close(promise: nil)
    }
}
