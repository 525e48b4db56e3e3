import NIOCore
import Synchronization
import Views

/// Waits for events on behalf of a client, and no longer than the client is there: what waits for one that has gone
/// takes memory until the next heartbeat finds out.
final class LiveReader: Sendable {
    private struct State {
        var live: LiveEvents
        var waiting: Task<(rows: [EventRow], live: LiveEvents), any Error>?
        var isGone = false
    }

    private let state: Mutex<State>

    /// - Parameter channel: the client's, which is closed when the client ends its side: nobody reads on then.
    init(_ live: LiveEvents, on channel: any Channel) {
        state = Mutex(State(live: live))
        channel.eventLoop.execute {
            try? channel.pipeline.syncOperations.addHandler(CloseWithInput(), position: .first)
        }
        channel.closeFuture.whenComplete { [weak self] _ in self?.leave() }
    }

    /// The next events, and up to which position all were looked at; none if none came within `wait`.
    ///
    /// Throws a `CancellationError` when the client has gone, or the task is cancelled.
    func next(waitingAtMost wait: Duration) async throws -> (rows: [EventRow], position: Int64) {
        let task: Task<(rows: [EventRow], live: LiveEvents), any Error>? = state.withLock { state in
            guard !state.isGone else { return nil }
            let live = state.live
            let task = Task {
                var live = live
                let rows = try await live.next(waitingAtMost: wait)
                return (rows: rows, live: live)
            }
            state.waiting = task
            return task
        }
        guard let task else { throw CancellationError() }
        let (rows, live) = try await withTaskCancellationHandler {
            try await task.value
        } onCancel: {
            task.cancel()
        }
        let isGone = state.withLock { state in
            state.live = live
            state.waiting = nil
            return state.isGone
        }
        if isGone { throw CancellationError() }
        return (rows, live.position)
    }

    private func leave() {
        let waiting = state.withLock { state in
            state.isGone = true
            return state.waiting
        }
        waiting?.cancel()
    }
}

/// Closes a channel whose other end sends no more.
private final class CloseWithInput: ChannelInboundHandler {
    typealias InboundIn = NIOAny

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event as? ChannelEvent == .inputClosed {
            context.close(promise: nil)
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }
}
