import MQTTBroker
import MQTTCodec
import NIOCore

/// One event loop of the server: its core, its connections, its timer, and the order in which outboxes are written.
///
/// Outboxes of 16 KiB and more are written after the read that filled them, while their bytes are in the processor's
/// cache; all others once at the end of the loop's tick, so that a connection gets one write however many messages it
/// was sent.
///
/// Unchecked: every member but the constants is used on `eventLoop` only, which each entry point asserts.
final class BrokerLoop: @unchecked Sendable {
    private static let largestKeptBuffer = 1_048_576

    let eventLoop: any EventLoop
    let index: Int
    let core: BrokerCore
    private let wake: @Sendable (Int) -> Void

    private var transports: [(any Transport)?] = []
    private(set) var connectionCount = 0
    private var isFlushScheduled = false
    private var buffer = ByteBuffer()
    private var timer: Scheduled<Void>?
    private var timerDeadline = UInt64.max

    /// - Parameter wake: has another loop look into its mailbox.
    init(index: Int, eventLoop: any EventLoop, core: BrokerCore, wake: @escaping @Sendable (Int) -> Void) {
        self.index = index
        self.eventLoop = eventLoop
        self.core = core
        self.wake = wake
    }

    deinit { timer?.cancel() }

    var now: UInt64 { NIODeadline.now().uptimeNanoseconds }

    // MARK: Connections

    func open(_ transport: any Transport, from peer: Peer) -> ConnectionID? {
        eventLoop.assertInEventLoop()
        guard
            let id = core.open(
                remoteAddress: peer.address, listener: peer.listener, isLenient: peer.isLenient,
                accepted: peer.accepted, now: now)
        else { return nil }
        let slot = Int(id.slot)
        while transports.count <= slot { transports.append(nil) }
        transports[slot] = transport
        connectionCount += 1
        afterInput()
        return id
    }

    /// The client has shown a certificate with this name.
    func identify(_ id: ConnectionID, as name: String) {
        eventLoop.assertInEventLoop()
        core.setCertificateIdentity(name, of: id)
    }

    func closed(_ id: ConnectionID) {
        eventLoop.assertInEventLoop()
        transports[Int(id.slot)] = nil
        connectionCount -= 1
        core.closed(id, now: now)
        afterInput()
    }

    func receive(_ id: ConnectionID, _ bytes: ByteBuffer) {
        bytes.withUnsafeReadableBytes { receive(id, $0) }
    }

    func receive(_ id: ConnectionID, _ bytes: UnsafeRawBufferPointer) {
        eventLoop.assertInEventLoop()
        core.receive(id, bytes, now: now)
        afterInput()
    }

    /// A transport that had taken only a part takes bytes again.
    func writeMore(_ id: ConnectionID) {
        eventLoop.assertInEventLoop()
        if let transport = transports[Int(id.slot)] { write(id, transport) }
        afterInput()
    }

    func setWritable(_ id: ConnectionID, _ isWritable: Bool) {
        eventLoop.assertInEventLoop()
        core.setWritable(id, isWritable, now: now)
        afterInput()
    }

    /// Ends whatever has not ended by itself.
    func closeAll() {
        eventLoop.assertInEventLoop()
        for transport in transports { transport?.closeNow() }
    }

    // MARK: Effects

    /// Runs `body` on the core and writes what comes of it.
    func withCore<Result>(_ body: (BrokerCore, _ now: UInt64) -> Result) -> Result {
        eventLoop.assertInEventLoop()
        let result = body(core, now)
        afterInput()
        return result
    }

    private func afterInput() {
        if core.hasEffects {
            while let id = core.takeLarge() {
                if let transport = transports[Int(id.slot)] { write(id, transport) }
            }
            if !isFlushScheduled {
                isFlushScheduled = true
                eventLoop.execute(flush)
            }
        }
        if let deadline = core.nextDeadline, deadline < timerDeadline { setTimer(deadline) }
    }

    private lazy var flush: @Sendable () -> Void = { [weak self] in
        self?.isFlushScheduled = false
        self?.flushAll()
    }

    private func flushAll() {
        for shard in core.takeShardsToWake() { wake(shard) }
        while let id = core.takeTouched() {
            guard let transport = transports[Int(id.slot)] else { continue }
            write(id, transport)
            switch core.state(of: id) {
            case .open(let reading)?: transport.setReading(reading)
            case .close?: transport.finish()
            case .closeAtOnce?: transport.closeNow()
            case nil: break
            }
        }
        for shard in core.takeShardsToWake() { wake(shard) }
        if let deadline = core.nextDeadline, deadline < timerDeadline { setTimer(deadline) }
    }

    private func write(_ id: ConnectionID, _ transport: any Transport) {
        guard transport.isWritable else { return }
        var copy: ByteBuffer?
        core.withOutbox(id, now: now) { outbox in
            if let taken = transport.take(outbox) { return taken }
            // Taken out of the property, so that its storage is used again unless the channel still holds it.
            var bytes = buffer
            buffer = ByteBuffer()
            bytes.clear(minimumCapacity: 0)
            bytes.writeBytes(outbox)
            copy = bytes
            return outbox.count
        }
        // Outside of the core, which the channel may call while it writes.
        guard let copy else { return }
        transport.write(copy)
        if copy.capacity <= Self.largestKeptBuffer { buffer = copy }
    }

    // MARK: Time

    private func setTimer(_ deadline: UInt64) {
        timer?.cancel()
        timerDeadline = deadline
        timer = eventLoop.scheduleTask(deadline: NIODeadline.uptimeNanoseconds(deadline)) { [weak self] in
            guard let self else { return }
            self.timer = nil
            self.timerDeadline = .max
            self.core.expire(now: self.now)
            self.afterInput()
        }
    }

    func stopTimer() {
        eventLoop.assertInEventLoop()
        timer?.cancel()
        timer = nil
    }
}
