import NIOCore
import NIOTLS

/// In the pipeline of a listening socket with TLS: holds a connection back until the gate has a place for its handshake,
/// and accepts no other one meanwhile.
final class HandshakeListener: ChannelDuplexHandler {
    typealias InboundIn = any Channel
    typealias OutboundIn = Never

    private let gate: HandshakeGate
    /// The connection that waits.
    private var held: NIOAny?
    private var isReadPending = false
    private var deadline: Scheduled<Void>?

    init(gate: HandshakeGate) { self.gate = gate }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let eventLoop = context.eventLoop
        let bound = NIOLoopBound((self, context), eventLoop: eventLoop)
        let decision = gate.enter(unwrapInboundIn(data)) {
            eventLoop.execute {
                let (listener, context) = bound.value
                listener.resume(context)
            }
        }
        switch decision {
        case .accepted: context.fireChannelRead(data)
        case .waits(until: let time):
            held = data
            deadline = eventLoop.scheduleTask(deadline: .uptimeNanoseconds(time)) { [gate] in gate.giveUpOldest() }
        }
    }

    func read(context: ChannelHandlerContext) {
        if held == nil { context.read() } else { isReadPending = true }
    }

    /// Asks again; another listener may have taken the place.
    private func resume(_ context: ChannelHandlerContext) {
        deadline?.cancel()
        deadline = nil
        guard let data = held else { return }
        held = nil
        channelRead(context: context, data: data)
        guard held == nil, isReadPending else { return }
        isReadPending = false
        context.read()
    }

    func channelInactive(context: ChannelHandlerContext) {
        deadline?.cancel()
        if let data = held { unwrapInboundIn(data).close(promise: nil) }
        held = nil
        context.fireChannelInactive()
    }
}

/// Behind the TLS handler of a connection: gives its place back when the handshake is over, and leaves.
final class HandshakeEnd: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = Never

    private let gate: HandshakeGate

    init(gate: HandshakeGate) { self.gate = gate }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        context.fireUserInboundEventTriggered(event)
        guard case .handshakeCompleted? = event as? TLSUserEvent else { return }
        gate.end(context.channel)
        context.pipeline.syncOperations.removeHandler(self, promise: nil)
    }
}
