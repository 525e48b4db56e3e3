#if os(Linux)
    import CEpoll
    import MQTTBroker
    import NIOCore

    #if canImport(Glibc)
        import Glibc
    #elseif canImport(Musl)
        import Musl
    #endif

    /// A connection by TCP or a Unix socket, without encryption, that the broker's own loop reads and writes. What is
    /// received lies in the loop's buffer and what is sent in the core's outbox: an idle connection has no buffer.
    final class SocketConnection: PolledSocket, Transport {
        /// How long a client may take to read the reason why it is being closed.
        private static let farewell = TimeAmount.seconds(1)
        /// After so many full buffers other connections have their turn, and at once when those are not of full size.
        private static let receivesPerTurn = 4

        private let sockets: SocketLoop
        private let loop: BrokerLoop
        private let gate: ConnectionGate
        /// Counted by the gate; `nil` for a Unix socket.
        private let address: IPAddress?
        private var id: ConnectionID?
        private var isReading = true
        /// The system takes no more bytes for now.
        private var isBlocked = false
        private var isFinishing = false
        private var isClosed = false

        init(
            descriptor: Int32, sockets: SocketLoop, loop: BrokerLoop, gate: ConnectionGate, address: IPAddress?
        ) {
            self.sockets = sockets
            self.loop = loop
            self.gate = gate
            self.address = address
            super.init(descriptor: descriptor)
        }

        /// Begins to serve the connection, or closes it if the broker does not want it.
        func open(_ peer: Peer) {
            guard sockets.poller.add(self, events: cepoll_in), let id = loop.open(self, from: peer) else {
                end()
                return
            }
            self.id = id
        }

        // MARK: PolledSocket

        override func ready(_ events: UInt32) {
            let isGone = events & cepoll_gone != 0
            if events & cepoll_in != 0 || isGone {
                if isReading {
                    receive()
                } else if isGone {
                    end()
                } else {
                    sockets.poller.setEvents(sockets.poller.events(of: self) & ~cepoll_in, of: self)
                }
            }
            if events & cepoll_out != 0, !isClosed { resumeWriting() }
        }

        override func loopEnded() { end() }

        private func receive() {
            for _ in 0..<Self.receivesPerTurn {
                let buffer = sockets.poller.receiveBuffer
                let count = cepoll_receive(descriptor, buffer.baseAddress, buffer.count)
                guard count > 0 else {
                    if count < 0, errno == EAGAIN || errno == EINTR { return }
                    end()
                    return
                }
                if let id, !isFinishing {
                    let began = NIODeadline.now().uptimeNanoseconds
                    loop.receive(id, UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(buffer)[..<count]))
                    sockets.poller.receiveBudget.handled(count, in: NIODeadline.now().uptimeNanoseconds &- began)
                }
                if isClosed || !isReading || count < sockets.poller.receiveBudget.largest { return }
            }
        }

        private func resumeWriting() {
            isBlocked = false
            sockets.poller.setEvents(sockets.poller.events(of: self) & ~cepoll_out, of: self)
            if let id { loop.writeMore(id) }
            if isFinishing, !isBlocked { _ = cepoll_end_output(descriptor) }
        }

        // MARK: Transport

        var isWritable: Bool { !isBlocked && !isClosed }

        func take(_ bytes: UnsafeRawBufferPointer) -> Int? {
            let sent = cepoll_send(descriptor, bytes.baseAddress, bytes.count)
            if sent == bytes.count { return sent }
            if sent < 0, errno != EAGAIN, errno != EINTR {
                // Broken, which reading will find too. The bytes have nowhere to go.
                return bytes.count
            }
            isBlocked = true
            sockets.poller.setEvents(sockets.poller.events(of: self) | cepoll_out, of: self)
            return max(0, sent)
        }

        func write(_ bytes: ByteBuffer) {}

        func setReading(_ reading: Bool) {
            isReading = reading
            guard reading, !isClosed else { return }
            sockets.poller.setEvents(sockets.poller.events(of: self) | cepoll_in, of: self)
        }

        /// Closes in a way that lets the client read what was written last: closing a socket at once while it holds
        /// unread bytes would make the system throw that away.
        func finish() {
            guard !isFinishing, !isClosed else { return }
            isFinishing = true
            setReading(true)
            if !isBlocked { _ = cepoll_end_output(descriptor) }
            let connection = NIOLoopBound(self, eventLoop: sockets)
            sockets.scheduleTask(in: Self.farewell) { connection.value.closeNow() }
        }

        func closeNow() { end() }

        private func end() {
            guard !isClosed else { return }
            isClosed = true
            sockets.poller.remove(self)
            _ = cepoll_close(descriptor)
            if let address { gate.leave(address) }
            guard let id else { return }
            self.id = nil
            loop.closed(id)
        }
    }
#endif
