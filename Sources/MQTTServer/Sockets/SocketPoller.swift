#if os(Linux)
    import CEpoll
    import NIOCore
    import Synchronization

    #if canImport(Glibc)
        import Glibc
    #elseif canImport(Musl)
        import Musl
    #endif

    /// Something with a file descriptor that a `SocketPoller` watches.
    class PolledSocket {
        let descriptor: Int32
        /// Tells the socket from an earlier one with the same descriptor.
        fileprivate var generation: UInt32 = 0
        fileprivate var events: UInt32 = 0

        init(descriptor: Int32) { self.descriptor = descriptor }

        /// Something may be read or written, or the socket is broken.
        func ready(_ events: UInt32) {}

        /// The loop ends, and with it the socket.
        func loopEnded() {}
    }

    /// Watches sockets with epoll on a thread of its own and hands their readiness to objects directly. That is a quarter
    /// of what a channel with its pipeline, options, futures and buffers does for a connection.
    ///
    /// After each look at its sockets it runs the tasks that have been given to it, those given meanwhile included.
    ///
    /// Unchecked: `shared` has a lock, and everything else is used on the loop's thread only.
    final class SocketPoller: @unchecked Sendable {
        private struct Shared {
            var tasks: [@Sendable () -> Void] = []
            var timers = LoopTimers()
            var isAwake = true
            var isStopped = false
        }

        static let receiveSize = 16_384
        private static let eventCount = 256
        /// Lets sockets have their turn while tasks give more tasks.
        private static let roundsOfTasks = 16
        /// For how many nanoseconds to look again before sleeping. Waking a sleeping thread costs whoever wakes it a few
        /// microseconds: clients that connect one after the other are served a tenth faster this way.
        private static let alertness: UInt64 = 10_000
        private static let wakeKey = UInt64.max

        private let shared = Mutex(Shared())
        private let thread = Atomic<UInt>(0)
        private let poller: Int32
        private let wakeUp: Int32
        private let name: String
        private let events: UnsafeMutablePointer<epoll_event>
        private let received: UnsafeMutableRawBufferPointer
        /// How much of `receiveBuffer` is used.
        var receiveBudget = ReceiveBudget(largest: SocketPoller.receiveSize)
        private var sockets: [PolledSocket?] = []
        private var lastGeneration: UInt32 = 0
        private var running: [@Sendable () -> Void] = []

        /// Throws if the system has no descriptors left.
        init(name: String) throws(IOError) {
            self.name = name
            poller = cepoll_create()
            guard poller >= 0 else { throw IOError(errnoCode: errno, reason: "epoll_create1") }
            wakeUp = cepoll_eventfd()
            guard wakeUp >= 0 else {
                let code = errno
                _ = cepoll_close(poller)
                throw IOError(errnoCode: code, reason: "eventfd")
            }
            events = .allocate(capacity: Self.eventCount)
            received = .allocate(byteCount: Self.receiveSize, alignment: 64)
            _ = cepoll_add(poller, wakeUp, cepoll_in, Self.wakeKey)
            try start()
        }

        deinit {
            _ = cepoll_close(wakeUp)
            _ = cepoll_close(poller)
            events.deallocate()
            received.deallocate()
        }

        private func start() throws(IOError) {
            var handle = pthread_t()
            let code = pthread_create(
                &handle, nil,
                { argument in
                    guard let argument else { return nil }
                    Unmanaged<SocketPoller>.fromOpaque(argument).takeRetainedValue().run()
                    return nil
                }, Unmanaged.passRetained(self).toOpaque())
            guard code == 0 else {
                Unmanaged.passUnretained(self).release()
                throw IOError(errnoCode: code, reason: "pthread_create")
            }
            pthread_detach(handle)
        }

        /// Ends the thread, and closes the sockets.
        func stop() {
            shared.withLock { $0.isStopped = true }
            wake()
        }

        /// Where all sockets of the loop receive, so that none keeps memory of its own. Small enough to stay in the
        /// processor's cache.
        var receiveBuffer: UnsafeMutableRawBufferPointer {
            UnsafeMutableRawBufferPointer(rebasing: received[..<receiveBudget.size])
        }

        // MARK: Sockets

        /// Watches a socket from now on; false if the system does not let it.
        func add(_ socket: PolledSocket, events: UInt32) -> Bool {
            assert(isOnThread)
            let index = Int(socket.descriptor)
            lastGeneration &+= 1
            socket.generation = lastGeneration
            socket.events = events
            guard cepoll_add(poller, socket.descriptor, events, key(of: socket)) == 0 else { return false }
            while sockets.count <= index { sockets.append(nil) }
            sockets[index] = socket
            return true
        }

        func setEvents(_ events: UInt32, of socket: PolledSocket) {
            guard events != socket.events else { return }
            socket.events = events
            _ = cepoll_change(poller, socket.descriptor, events, key(of: socket))
        }

        func events(of socket: PolledSocket) -> UInt32 { socket.events }

        /// Forgets a socket, which is about to be closed.
        func remove(_ socket: PolledSocket) {
            let index = Int(socket.descriptor)
            if index < sockets.count, sockets[index] === socket { sockets[index] = nil }
        }

        private func key(of socket: PolledSocket) -> UInt64 {
            UInt64(socket.generation) << 32 | UInt64(UInt32(bitPattern: socket.descriptor))
        }

        /// Closes all sockets.
        func closeSockets() {
            for socket in sockets { socket?.loopEnded() }
            sockets = []
        }

        // MARK: The thread

        private func run() {
            thread.store(Self.currentThread, ordering: .releasing)
            cepoll_name_thread(name)
            cepoll_prefer_latency()
            var isBusy = false
            while let timeout = prepare() {
                let count = wait(timeout, isBusy: isBusy)
                isBusy = count > 0
                shared.withLock { $0.isAwake = true }
                for index in 0..<max(0, Int(count)) { handle(events + index) }
                runTasks()
            }
            closeSockets()
            runTasks()
        }

        /// Waits for sockets, at first without sleeping if there was something to do just now.
        private func wait(_ timeout: Int32, isBusy: Bool) -> Int32 {
            if isBusy, timeout != 0 {
                let end = NIODeadline.now().uptimeNanoseconds &+ Self.alertness
                repeat {
                    let count = cepoll_wait(poller, events, Int32(Self.eventCount), 0)
                    if count != 0 { return count }
                } while NIODeadline.now().uptimeNanoseconds < end
            }
            return cepoll_wait(poller, events, Int32(Self.eventCount), timeout)
        }

        /// How many milliseconds to wait for sockets, -1 for ever; `nil` at the end.
        private func prepare() -> Int32? {
            shared.withLock { shared in
                guard !shared.isStopped else { return nil }
                guard shared.tasks.isEmpty else { return 0 }
                guard let deadline = shared.timers.nextDeadline else {
                    shared.isAwake = false
                    return -1
                }
                let now = NIODeadline.now().uptimeNanoseconds
                guard deadline > now else { return 0 }
                shared.isAwake = false
                // Rounded up: what wakes too early finds nothing to do and turns in a circle.
                return Int32(clamping: (deadline - now + 999_999) / 1_000_000)
            }
        }

        private func handle(_ event: UnsafeMutablePointer<epoll_event>) {
            let key = cepoll_key(event)
            guard key != Self.wakeKey else {
                var count: UInt64 = 0
                _ = read(wakeUp, &count, 8)
                return
            }
            let index = Int(truncatingIfNeeded: key & 0xFFFF_FFFF)
            guard index < sockets.count, let socket = sockets[index],
                socket.generation == UInt32(truncatingIfNeeded: key >> 32)
            else { return }
            socket.ready(cepoll_events(event))
        }

        private func runTasks() {
            for _ in 0..<Self.roundsOfTasks {
                let now = NIODeadline.now().uptimeNanoseconds
                shared.withLock { shared in
                    swap(&shared.tasks, &running)
                    while let task = shared.timers.popDue(now) { running.append(task) }
                }
                guard !running.isEmpty else { return }
                for task in running { task() }
                running.removeAll(keepingCapacity: true)
            }
        }

        private func wake() {
            var one: UInt64 = 1
            _ = write(wakeUp, &one, 8)
        }

        private static var currentThread: UInt { UInt(pthread_self()) }

        /// Whether the caller runs on the poller's thread.
        var isOnThread: Bool { thread.load(ordering: .relaxed) == Self.currentThread }

        // MARK: Tasks

        func execute(_ task: @escaping @Sendable () -> Void) {
            let mustWake = shared.withLock { shared in
                shared.tasks.append(task)
                defer { shared.isAwake = true }
                return !shared.isAwake
            }
            if mustWake { wake() }
        }

        /// Has a task run at a time, in nanoseconds of uptime, and returns the number that cancels it.
        func schedule(_ deadline: UInt64, _ task: @escaping @Sendable () -> Void) -> UInt64 {
            let (number, mustWake) = shared.withLock { shared in
                let isEarliest = shared.timers.nextDeadline.map { deadline < $0 } ?? true
                let number = shared.timers.insert(deadline, task)
                defer { if isEarliest { shared.isAwake = true } }
                return (number, isEarliest && !shared.isAwake)
            }
            if mustWake { wake() }
            return number
        }

        func cancel(_ number: UInt64) { shared.withLock { $0.timers.cancel(number) } }
    }
#endif
