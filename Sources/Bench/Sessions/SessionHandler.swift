import MQTTCodec
import NIOCore
import NIOPosix

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// What a run hears from its connections, on the event loop that they share.
protocol SessionOwner: AnyObject {
    func connected()
    func subscribed()
    func ponged()
    func progressed(_ progress: Progress)
    /// A connection takes bytes again after it had too many waiting.
    func becameWritable()
    func failed(_ fault: LoadFault)
}

/// The one channel handler of a connection. Bytes are parsed where they were received, and all that a burst of reads
/// brings forth goes out in one write. Used on the channel's event loop only.
final class SessionHandler<T: Traffic>: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private(set) var session: Session<T>
    private let clientID: String
    private let broker: BrokerAddress
    private var scanner = PacketScanner()
    private var outbox = ByteBuffer()
    private var context: ChannelHandlerContext?
    private var isClosing = false
    private var owner: (any SessionOwner)?

    init(_ traffic: T, clientID: String, broker: BrokerAddress, owner: any SessionOwner) {
        session = Session(traffic: traffic)
        self.clientID = clientID
        self.broker = broker
        self.owner = owner
    }

    // MARK: For the run

    /// Starts to connect; the owner hears how it went.
    func open(to address: SocketAddress, on loop: any EventLoop, buffers: any RecvByteBufferAllocator) {
        let bound = NIOLoopBound(self, eventLoop: loop)
        ClientBootstrap(group: loop)
            .connectTimeout(.seconds(10))
            .channelOption(.recvAllocator, value: buffers)
            .channelOption(.writeBufferWaterMark, value: .init(low: 16 << 10, high: 64 << 10))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(bound.value) }
            }
            .connect(to: address)
            .whenFailure { error in bound.value.fail(.unreachable("\(error)")) }
    }

    func subscribe(to filter: String, qos: QoS) {
        do {
            write(try session.subscribe(to: filter, qos: qos))
        } catch { fail(.malformed("nothing; the topic filter can't be encoded: \(error)")) }
    }

    /// Writes what the traffic may send now.
    /// - Returns: whether to call again at the next turn of the loop.
    func pump() -> Bool {
        guard let context, !isClosing, context.channel.isWritable else { return false }
        session.traffic.fill(&outbox)
        guard outbox.readableBytes > 0 else { return false }
        flush(context)
        return context.channel.isWritable
    }

    /// Lets `body` change the traffic.
    func withTraffic<Value>(_ body: (inout T) -> Value) -> Value { body(&session.traffic) }

    func ping() { writePacket(.pingreq) }

    /// Says goodbye and closes. The owner hears nothing more.
    func close() -> EventLoopFuture<Void>? {
        owner = nil
        guard !isClosing else { return nil }
        isClosing = true
        guard let context else { return nil }
        writePacket(.disconnect(Disconnect()))
        context.close(promise: nil)
        return context.channel.closeFuture
    }

    private func writePacket(_ packet: Packet) {
        if let bytes = try? session.encode(packet) { write(bytes) }
    }

    private func write(_ bytes: ByteBuffer) {
        context?.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
    }

    private func fail(_ fault: LoadFault) {
        guard !isClosing, let owner else { return }
        owner.failed(fault)
    }

    // MARK: ChannelInboundHandler

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        if isClosing { context.close(promise: nil) }
    }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelActive(context: ChannelHandlerContext) {
        do {
            write(try session.encode(broker.connect(clientID: clientID)))
        } catch { fail(.malformed("nothing; the CONNECT can't be encoded: \(error)")) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isClosing else { return }
        do throws(LoadFault) {
            try unwrapInboundIn(data).withUnsafeReadableBytes { bytes throws(LoadFault) in
                try scanner.scan(bytes, for: &session, replies: &outbox)
            }
        } catch { fail(error) }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        guard !isClosing else { return }
        let progress = session.traffic.takeProgress()
        if progress.acknowledged > 0 { session.traffic.fill(&outbox) }
        if outbox.readableBytes > 0 { flush(context) }
        if progress != Progress() { owner?.progressed(progress) }
        let events = session.takeEvents()
        guard !events.isEmpty else { return }
        if events.contains(.connected) { owner?.connected() }
        if events.contains(.subscribed) { owner?.subscribed() }
        if events.contains(.ponged) { owner?.ponged() }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { owner?.becameWritable() }
    }

    func channelInactive(context: ChannelHandlerContext) { fail(.closedByServer) }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A server that closes with bytes unread resets the connection.
        if let failure = error as? IOError, failure.errnoCode == ECONNRESET {
            fail(.closedByServer)
        } else {
            fail(.unreachable("\(error)"))
        }
        context.close(promise: nil)
    }

    private func flush(_ context: ChannelHandlerContext) {
        let bytes = outbox
        context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
        // Keeps the storage if the socket took everything; otherwise the write has it.
        outbox.clear(minimumCapacity: 0)
    }
}
