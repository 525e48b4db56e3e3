import MQTTCodec
import NIOCore

/// Puts a `ClientCore` on a channel: bytes in, bytes out, the clock. One write and one flush for all that is sent
/// within one burst of reads or one tick of the event loop. Used on the channel's event loop only.
final class ClientHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private var core: ClientCore
    private var decoder: PacketDecoder
    private let accepted: EventLoopPromise<MQTTClient>
    private let onMessage: @Sendable (MQTTClient.ReceivedMessage) -> Void
    private let onClose: @Sendable (MQTTClientError?) -> Void
    private var context: ChannelHandlerContext?
    private var timer: Scheduled<Void>?
    private var timerDeadline = NIODeadline.distantFuture
    /// What the application has been told.
    private var told = Told.nothing
    /// True while a drain is sure to come: at the end of a burst of reads, of this tick, or of the running drain.
    private var willDrain = false
    private var isStarted = false

    private enum Told {
        case nothing, accepted, closed
    }

    init(
        _ options: MQTTClient.Options, accepted: EventLoopPromise<MQTTClient>,
        onMessage: @escaping @Sendable (MQTTClient.ReceivedMessage) -> Void,
        onClose: @escaping @Sendable (MQTTClientError?) -> Void
    ) {
        core = ClientCore(options: options, now: .now())
        let limit = options.properties.maximumPacketSize.map { Int($0) } ?? options.maximumPacketSize
        decoder = PacketDecoder(version: options.version, maximumPacketSize: limit)
        self.accepted = accepted
        self.onMessage = onMessage
        self.onClose = onClose
    }

    var session: MQTTClient.Session { core.session }

    /// Lets `body` change the core, and does what comes of it at the end of this tick of the event loop.
    func perform(_ body: (inout ClientCore, NIODeadline) -> Void) {
        body(&core, .now())
        guard !willDrain else { return }
        guard let context else { return drain() }
        willDrain = true
        context.eventLoop.assumeIsolated().execute { [self] in drain() }
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        if context.channel.isActive { start() }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        // Where there never was a connection, the bootstrap says why.
        if isStarted {
            core.close(.connectionLost("the channel is closed"))
            drain()
        }
        self.context = nil
    }

    func channelActive(context: ChannelHandlerContext) {
        start()
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        willDrain = true
        var bytes = unwrapInboundIn(data)
        decoder.append(&bytes)
        let now = NIODeadline.now()
        do throws(DecodeError) {
            while !core.isClosed, let packet = try decoder.next() { core.receive(packet, now) }
        } catch {
            core.refuse(error, now)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        drain()
        context.fireChannelReadComplete()
    }

    func channelInactive(context: ChannelHandlerContext) {
        core.close(.connectionLost("closed by the server"))
        drain()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard isStarted else { return context.close(promise: nil) }
        core.close(.connectionLost("\(error)"))
        drain()
    }

    private func start() {
        guard !isStarted else { return }
        isStarted = true
        core.start(.now())
        drain()
    }

    /// Hands over everything that the core has produced, and what the callbacks ask for meanwhile.
    private func drain() {
        willDrain = true
        repeat {
            deliver()
            flush()
            tellAccepted()
            answer()
        } while !core.deliveries.isEmpty || !core.answers.isEmpty || core.outbox.readableBytes > 0
            || !core.written.isEmpty
        willDrain = false
        if core.isClosed { tellClosed() } else { schedule() }
    }

    private func deliver() {
        guard !core.deliveries.isEmpty else { return }
        let messages = core.deliveries
        core.deliveries.removeAll(keepingCapacity: messages.count <= 64)
        for message in messages { onMessage(message) }
    }

    private func answer() {
        guard !core.answers.isEmpty else { return }
        let answers = core.answers
        core.answers.removeAll(keepingCapacity: answers.count <= 64)
        for (completion, result) in answers { completion(result) }
    }

    private func flush() {
        let completions = core.written
        if !completions.isEmpty { core.written.removeAll(keepingCapacity: completions.count <= 64) }
        let bytes = core.outbox
        core.outbox = ByteBuffer()
        let closes = core.closesAfterWriting
        guard bytes.readableBytes > 0, let context, context.channel.isActive else {
            for completion in completions { completion(.failure(.closed)) }
            return
        }
        guard closes || !completions.isEmpty else {
            return context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
        }
        let promise = context.eventLoop.makePromise(of: Void.self)
        promise.futureResult.whenComplete { result in
            for completion in completions {
                switch result {
                case .success: completion(.success([.success]))
                case .failure(let error): completion(.failure(.connectionLost("\(error)")))
                }
            }
        }
        if closes {
            let channel = context.channel
            promise.futureResult.whenComplete { _ in channel.close(promise: nil) }
        }
        context.writeAndFlush(wrapOutboundOut(bytes), promise: promise)
    }

    private func tellAccepted() {
        guard told == .nothing, case .connected(let info) = core.phase, let context else { return }
        told = .accepted
        accepted.succeed(MQTTClient(channel: context.channel, handler: self, info: info))
    }

    private func tellClosed() {
        timer?.cancel()
        timer = nil
        guard told != .closed, case .closed(let error) = core.phase else { return }
        let wasAccepted = told == .accepted
        told = .closed
        if core.closesAfterWriting {
            // A server that does not read must not keep the connection open.
            let channel = context?.channel
            context?.eventLoop.scheduleTask(in: Self.lingerTime) { channel?.close(promise: nil) }
        } else {
            context?.close(promise: nil)
        }
        if wasAccepted { onClose(error == .closed ? nil : error) } else { accepted.fail(error) }
    }

    /// How long a DISCONNECT may take to be written.
    private static let lingerTime = TimeAmount.seconds(2)

    private func schedule() {
        guard let context, let deadline = core.nextDeadline, deadline < timerDeadline else { return }
        timer?.cancel()
        timerDeadline = deadline
        timer = context.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { [self] in
            timerDeadline = .distantFuture
            core.tick(.now())
            drain()
        }
    }
}
