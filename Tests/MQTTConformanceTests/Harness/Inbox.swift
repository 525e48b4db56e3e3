import NIOCore
import Synchronization

/// Nothing came in time.
struct TimedOut: Error, CustomStringConvertible {
    let description = "nothing came before the deadline"
}

/// The bytes that came on a connection and have not been taken, and the one test that waits for them.
final class Inbox: Sendable {
    private struct State {
        var bytes: [UInt8] = []
        var isClosed = false
        var waiter: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    func append(_ more: ByteBuffer) {
        change { $0.bytes += Array(more.readableBytesView) }
    }

    func close() {
        change { $0.isClosed = true }
    }

    /// Takes what `take` finds at the front; waits for more bytes while that is nothing.
    /// - Returns: nil once the peer has closed and `take` finds nothing in the rest.
    func take<Value>(
        on eventLoop: any EventLoop, until deadline: NIODeadline, _ take: (inout [UInt8]) throws -> Value?
    ) async throws -> Value? {
        let timeout = eventLoop.scheduleTask(deadline: deadline) { self.change { _ in } }
        defer { timeout.cancel() }
        while true {
            let (value, isClosed, count) = try state.withLock { state in
                (try take(&state.bytes), state.isClosed, state.bytes.count)
            }
            if let value { return value }
            if isClosed { return nil }
            if NIODeadline.now() >= deadline { throw TimedOut() }
            await wait(forMoreThan: count, until: deadline)
        }
    }

    private func wait(forMoreThan count: Int, until deadline: NIODeadline) async {
        await withCheckedContinuation { continuation in
            let isReady = state.withLock { state in
                if state.bytes.count > count || state.isClosed || NIODeadline.now() >= deadline { return true }
                state.waiter = continuation
                return false
            }
            if isReady { continuation.resume() }
        }
    }

    private func change(_ body: (inout State) -> Void) {
        let waiter = state.withLock { state in
            body(&state)
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume()
    }
}

/// Fills an inbox from a channel.
final class InboxHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let inbox: Inbox

    init(_ inbox: Inbox) {
        self.inbox = inbox
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        inbox.append(unwrapInboundIn(data))
    }

    func channelInactive(context: ChannelHandlerContext) {
        inbox.close()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A connection that the broker resets is as closed as one that it shuts down.
        context.close(promise: nil)
    }
}
