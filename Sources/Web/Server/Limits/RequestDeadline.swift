import NIOCore

/// Closes a connection on which no request is under way and no whole request head comes in time, however slowly and
/// steadily its bytes arrive.
final class RequestDeadline: ChannelOutboundHandler, RemovableChannelHandler {
    typealias OutboundIn = NIOAny

    /// Sent down the pipeline by what answers requests.
    enum Event: Sendable {
        case requestBegan
        case requestEnded
    }

    private let timeLimit: @Sendable () -> TimeAmount
    private var requests = 0
    private var deadline: Scheduled<Void>?

    init(timeLimit: @escaping @Sendable () -> TimeAmount) { self.timeLimit = timeLimit }

    func handlerAdded(context: ChannelHandlerContext) { start(context) }

    func handlerRemoved(context: ChannelHandlerContext) { deadline?.cancel() }

    func triggerUserOutboundEvent(context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?) {
        switch event as? Event {
        case .requestBegan:
            requests += 1
            deadline?.cancel()
        case .requestEnded:
            requests -= 1
            if requests == 0, context.channel.isActive { start(context) }
        case nil: return context.triggerUserOutboundEvent(event, promise: promise)
        }
        promise?.succeed()
    }

    private func start(_ context: ChannelHandlerContext) {
        let channel = context.channel
        deadline?.cancel()
        deadline = context.eventLoop.scheduleTask(in: timeLimit()) { channel.close(promise: nil) }
    }
}
