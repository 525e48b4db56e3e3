import MQTTBroker
import NIOCore

/// The one channel handler of a connection: passes bytes to the loop's core and writes what the core has for it.
final class ConnectionHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// How long a client may take to read the reason why it is being closed.
    private static let farewell = TimeAmount.seconds(1)

    private let loop: BrokerLoop
    private let listener: String
    private var id: ConnectionID?
    private var context: ChannelHandlerContext?
    private var isReading = true
    private var isReadPending = false
    private var isFinishing = false

    init(loop: BrokerLoop, listener: String) {
        self.loop = loop
        self.listener = listener
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
        let address = context.channel.remoteAddress.map(Self.text) ?? "unknown"
        id = loop.open(self, remoteAddress: address, listener: listener)
        if id == nil { context.close(promise: nil) }
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

    private static func text(_ address: SocketAddress) -> String {
        guard let ip = address.ipAddress, let port = address.port else { return address.description }
        return ip.contains(":") ? "[\(ip)]:\(port)" : "\(ip):\(port)"
    }
}
