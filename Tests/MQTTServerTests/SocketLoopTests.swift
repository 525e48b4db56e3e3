#if os(Linux)
    import CEpoll
    import Glibc
    import NIOCore
    import Synchronization
    import Testing

    @testable import MQTTServer

    @Suite("The loop on the system's sockets")
    struct SocketLoopTests {
        private final class Log: Sendable {
            private let entries = Mutex<[Int]>([])
            var all: [Int] { entries.withLock { $0 } }
            func note(_ entry: Int) { entries.withLock { $0.append(entry) } }
        }

        private func withLoop(_ body: (SocketLoop) async throws -> Void) async throws {
            try await body(SocketLoop(name: "test"))
        }

        @Test("Tasks run on the loop's thread, in the order in which they came, those of tasks after them")
        func tasks() async throws {
            try await withLoop { loop in
                let log = Log()
                #expect(!loop.inEventLoop)
                let isInside = try await loop.submit {
                    loop.execute { log.note(2) }
                    log.note(1)
                    return loop.inEventLoop
                }.get()
                #expect(isInside)
                for number in 3..<1000 { loop.execute { log.note(number) } }
                try await loop.submit {}.get()
                #expect(log.all == Array(1..<1000))
            }
        }

        @Test("A task that gives the next one does not keep sockets and timers from their turn")
        func endless() async throws {
            try await withLoop { loop in
                let isOver = Mutex(false)
                @Sendable func again() {
                    if !isOver.withLock({ $0 }) { loop.execute(again) }
                }
                loop.execute(again)
                try await loop.scheduleTask(in: .milliseconds(20)) { isOver.withLock { $0 = true } }.futureResult.get()
                try await loop.submit {}.get()
            }
        }

        @Test("A scheduled task runs when it is due and not before, wherever it comes from; a cancelled one never")
        func timers() async throws {
            try await withLoop { loop in
                let log = Log()
                let late = NIODeadline.now() + .milliseconds(60)
                let last = loop.scheduleTask(deadline: late) {
                    log.note(3)
                    return NIODeadline.now()
                }
                let cancelled = loop.scheduleTask(in: .milliseconds(10)) { log.note(0) }
                cancelled.cancel()
                loop.scheduleTask(in: .milliseconds(20)) { log.note(2) }
                try await loop.submit { _ = loop.scheduleTask(in: .milliseconds(5)) { log.note(1) } }.get()
                #expect(try await last.futureResult.get() >= late)
                #expect(log.all == [1, 2, 3])
                await #expect(throws: EventLoopError.cancelled) { try await cancelled.futureResult.get() }
            }
        }

        @Test("What a task throws reaches its future")
        func errors() async throws {
            struct Broken: Error {}
            try await withLoop { loop in
                await #expect(throws: Broken.self) { try await loop.submit { throw Broken() }.get() }
            }
        }

        @Test("A loop that nobody needs any longer goes, but not before its futures are done")
        func ends() async throws {
            weak var ended: SocketLoop?
            weak var endedPoller: SocketPoller?
            let late: EventLoopFuture<Int>
            do {
                let loop = try SocketLoop(name: "test")
                (ended, endedPoller) = (loop, loop.poller)
                loop.scheduleTask(in: .hours(1)) {}.cancel()
                late = loop.scheduleTask(in: .milliseconds(50)) { 7 }.futureResult
            }
            #expect(try await late.get() == 7)
            _ = consume late
            try await eventually { ended == nil && endedPoller == nil }
        }

        @Test("Accepted sockets send without delay, as the listening one does")
        func noDelay() async throws {
            let address = try SocketAddress(ipAddress: "127.0.0.1", port: 0)
            let listener = address.withSockAddr { place, size in cepoll_listen(place, socklen_t(size), 1) }
            #expect(listener >= 0)
            defer { _ = cepoll_close(listener) }
            let client = try await WireClient.open(port: Int(cepoll_own_address(listener).port))
            var peer = cepoll_address()
            let accepted = cepoll_accept(listener, &peer)
            #expect(accepted >= 0 && peer.is_ip == 1)
            defer { _ = cepoll_close(accepted) }
            var value: Int32 = 0
            var size = socklen_t(MemoryLayout<Int32>.size)
            #expect(getsockopt(accepted, Int32(IPPROTO_TCP), TCP_NODELAY, &value, &size) == 0 && value == 1)
            withExtendedLifetime(client) {}
        }
    }

    @Suite("Timers of a loop")
    struct LoopTimersTests {
        private final class Log: Sendable {
            private let entries = Mutex<[Int]>([])
            var all: [Int] { entries.withLock { $0 } }
            func note(_ entry: Int) { entries.withLock { $0.append(entry) } }
        }

        @Test("Tasks come by their time, those of one time in the order of their entry, cancelled ones not at all")
        func order() {
            let log = Log()
            var timers = LoopTimers()
            var expected: [(time: UInt64, number: Int)] = []
            var cancelled: [UInt64] = []
            var state: UInt64 = 42
            for number in 0..<500 {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                let time = state >> 58
                let name = timers.insert(time) { log.note(number) }
                if number % 3 == 0 { cancelled.append(name) } else { expected.append((time, number)) }
            }
            for name in cancelled { timers.cancel(name) }
            #expect(timers.nextDeadline != nil)
            for now in UInt64(0)..<64 {
                while let task = timers.popDue(now) { task() }
                if let next = timers.nextDeadline { #expect(next > now) }
            }
            expected.sort { ($0.time, $0.number) < ($1.time, $1.number) }
            #expect(log.all == expected.map(\.number))
            #expect(timers.nextDeadline == nil)
        }
    }
#endif
