#if os(Linux)
    import Dispatch
    import NIOCore

    /// An event loop for the broker on the system's sockets, on a thread of its own. It lasts until nobody needs it: a
    /// future that is not done yet does, as do sockets.
    final class SocketLoop: EventLoop {
        let poller: SocketPoller

        /// Throws if the system has no descriptors left.
        init(name: String) throws(IOError) { poller = try SocketPoller(name: name) }

        deinit { poller.stop() }

        var inEventLoop: Bool { poller.isOnThread }

        func execute(_ task: @escaping @Sendable () -> Void) { poller.execute(task) }

        func submit<T>(_ task: @escaping @Sendable () throws -> T) -> EventLoopFuture<T> {
            let promise = makePromise(of: T.self)
            poller.execute { promise.assumeIsolated().completeWith(Result(catching: task)) }
            return promise.futureResult
        }

        @discardableResult
        func scheduleTask<T>(deadline: NIODeadline, _ task: @escaping @Sendable () throws -> T) -> Scheduled<T> {
            let promise = makePromise(of: T.self)
            let number = poller.schedule(deadline.uptimeNanoseconds) {
                promise.assumeIsolated().completeWith(Result(catching: task))
            }
            return Scheduled(promise: promise) { [poller] in poller.cancel(number) }
        }

        @discardableResult
        func scheduleTask<T>(in amount: TimeAmount, _ task: @escaping @Sendable () throws -> T) -> Scheduled<T> {
            scheduleTask(deadline: .now() + amount, task)
        }

        func makeIterator() -> EventLoopIterator { EventLoopIterator([self]) }
        func next() -> any EventLoop { self }

        func shutdownGracefully(queue: DispatchQueue, _ callback: @escaping @Sendable ((any Error)?) -> Void) {
            queue.async { callback(EventLoopError.unsupportedOperation) }
        }
    }
#endif
