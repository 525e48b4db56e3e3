#if os(Linux)
    import CEpoll
    import MQTTBroker
    import NIOCore

    #if canImport(Glibc)
        import Glibc
    #elseif canImport(Musl)
        import Musl
    #endif

    /// A listening socket on a broker's loop. Takes all connections that wait at once, and deals them out to the loops.
    final class SocketListener: PolledSocket {
        private static let backlog: Int32 = 1024
        /// After so many connections others have their turn.
        private static let acceptsPerTurn = 4
        /// How long to wait when the system has no descriptors or memory for another connection.
        private static let pause = TimeAmount.milliseconds(100)
        private let loops: [(sockets: SocketLoop, loop: BrokerLoop)]
        private let gate: ConnectionGate
        private let name: String
        /// Asked for each connection, as it may change.
        private let isLenient: @Sendable () -> Bool
        private var nextLoop = 0
        /// Connections that were refused, less those that were admitted since.
        private var refusedOfLate = 0
        private var isClosed = false

        private init(
            descriptor: Int32, loops: [(sockets: SocketLoop, loop: BrokerLoop)], gate: ConnectionGate, name: String,
            isLenient: @escaping @Sendable () -> Bool
        ) {
            self.loops = loops
            self.gate = gate
            self.name = name
            self.isLenient = isLenient
            super.init(descriptor: descriptor)
        }

        /// Binds and listens on the first of the loops. On that loop only.
        /// - Parameter name: the listener's name, as policies see it.
        static func open(
            at address: SocketAddress, loops: [(sockets: SocketLoop, loop: BrokerLoop)], gate: ConnectionGate,
            name: String, isLenient: @escaping @Sendable () -> Bool
        ) throws -> SocketListener {
            let descriptor = address.withSockAddr { place, size in
                cepoll_listen(place, socklen_t(size), Self.backlog)
            }
            guard descriptor >= 0 else { throw IOError(errnoCode: errno, reason: "listen") }
            let listener = SocketListener(
                descriptor: descriptor, loops: loops, gate: gate, name: name, isLenient: isLenient)
            guard loops[0].sockets.poller.add(listener, events: cepoll_in) else {
                let code = errno
                listener.end()
                throw IOError(errnoCode: code, reason: "epoll_ctl")
            }
            return listener
        }

        /// The port that the system has chosen, if it was left to it; `nil` for a Unix socket.
        var port: Int? { PeerAddress(cepoll_own_address(descriptor))?.port }

        /// Takes no more connections. On the loop only.
        func end() {
            guard !isClosed else { return }
            isClosed = true
            loops[0].sockets.poller.remove(self)
            _ = cepoll_close(descriptor)
        }

        override func loopEnded() { end() }

        override func ready(_ events: UInt32) {
            var address = cepoll_address()
            for _ in 0..<Self.acceptsPerTurn {
                let accepted = cepoll_accept(descriptor, &address)
                guard accepted >= 0 else {
                    switch errno {
                    case EMFILE, ENFILE, ENOBUFS, ENOMEM: rest(Self.pause)
                    // One that went before it was taken says nothing about the next.
                    case ECONNABORTED, EINTR: continue
                    default: break
                    }
                    return
                }
                deal(accepted, PeerAddress(address))
            }
            if refusedOfLate >= FloodPause.refusals {
                gate.countPause()
                rest(FloodPause.length)
            }
        }

        /// Gives a connection to the next loop.
        private func deal(_ descriptor: Int32, _ peer: PeerAddress?) {
            let (gate, name) = (gate, name)
            if loops[0].loop.core.isFull {
                _ = cepoll_close(descriptor)
                refusedOfLate &+= 1
                loops[0].loop.core.turnAway(now: loops[0].loop.now) { peer?.description ?? "unix" }
                return
            }
            // Decided here: a flood of connections must not reach the other loops.
            guard peer.map({ peer in gate.admit(peer.ip) { peer.description } }) ?? true else {
                _ = cepoll_close(descriptor)
                refusedOfLate &+= 1
                return
            }
            refusedOfLate = max(0, refusedOfLate &- 1)
            let (sockets, loop) = loops[nextLoop]
            nextLoop = (nextLoop + 1) % loops.count
            let isLenient = isLenient()
            let serve: @Sendable () -> Void = {
                let connection = SocketConnection(
                    descriptor: descriptor, sockets: sockets, loop: loop, gate: gate, address: peer?.ip)
                connection.open(Peer(address: peer?.description ?? "unix", listener: name, isLenient: isLenient))
            }
            if sockets.inEventLoop { serve() } else { sockets.execute(serve) }
        }

        /// Takes nobody for a while.
        private func rest(_ pause: TimeAmount) {
            guard !isClosed else { return }
            refusedOfLate = 0
            let sockets = loops[0].sockets
            sockets.poller.setEvents(0, of: self)
            let listener = NIOLoopBound(self, eventLoop: sockets)
            sockets.scheduleTask(in: pause) {
                if !listener.value.isClosed { sockets.poller.setEvents(cepoll_in, of: listener.value) }
            }
        }
    }
#endif
