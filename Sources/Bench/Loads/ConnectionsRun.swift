import MQTTCodec
import NIOCore

/// Runs one ``ConnectionsLoad``. Used on its event loop only.
final class ConnectionsRun: SessionOwner {
    private enum Phase {
        case opening, subscribing, closed
    }

    private let load: ConnectionsLoad
    private let loop: any EventLoop
    private let address: SocketAddress
    private let process: ProcessProbe?
    private let limits: LoadLimits
    private let prefix = "bench-" + String(UInt32.random(in: 1 ... .max), radix: 36)
    private let promise: EventLoopPromise<ConnectionsResult>

    private var sessions: [SessionHandler<IdleTraffic>] = []
    private var phase = Phase.opening
    private var dialing: Dialing
    private var subscriptions = 0
    private var granted = 0
    private var fault: LoadFault?

    private var start = NIODeadline.uptimeNanoseconds(0)
    private var end: NIODeadline?
    private var threadStart = 0.0
    private var threadSeconds = 0.0
    private var before: ProcessProbe.Sample?

    /// How many subscriptions wait for their SUBACK at a time.
    private static let atOnce = 256

    init(
        _ load: ConnectionsLoad, to broker: BrokerAddress, at address: SocketAddress, on loop: any EventLoop,
        watching process: ProcessProbe?, limits: LoadLimits, promise: EventLoopPromise<ConnectionsResult>
    ) {
        self.load = load
        self.loop = loop
        self.address = address
        self.process = process
        self.limits = limits
        self.promise = promise
        dialing = Dialing(total: load.connections)
        sessions = (0..<load.connections).map {
            SessionHandler(IdleTraffic(), clientID: "\(prefix)-\($0)", broker: broker, owner: self)
        }
    }

    func begin() {
        OpenFiles.allow(load.connections + 256)
        loop.assumeIsolated().scheduleTask(in: limits.total) { [self] in failed(.timedOut) }
        before = process?.sample()
        threadStart = ThreadClock.seconds()
        start = .now()
        dial()
    }

    private func dial() {
        let buffers = FixedSizeRecvByteBufferAllocator(capacity: 64)
        while phase == .opening, let number = dialing.next() {
            sessions[number].open(to: address, on: loop, buffers: buffers)
        }
    }

    func connected() {
        dialing.noteConnected()
        guard dialing.isDone else { return dial() }
        end = .now()
        threadSeconds = ThreadClock.seconds() - threadStart
        phase = .subscribing
        subscribeMore()
    }

    private func subscribeMore() {
        while phase == .subscribing, subscriptions < sessions.count, subscriptions - granted < Self.atOnce {
            let number = subscriptions
            subscriptions += 1
            sessions[number].subscribe(to: "\(prefix)/\(number)/#", qos: .atMostOnce)
        }
    }

    func subscribed() {
        granted += 1
        if granted == sessions.count { close() } else { subscribeMore() }
    }

    func failed(_ fault: LoadFault) {
        guard phase != .closed else { return }
        self.fault = fault
        close()
    }

    func ponged() {}
    func progressed(_ progress: Progress) {}
    func becameWritable() {}

    private func close() {
        phase = .closed
        var use: ProcessUse?
        if let before, let after = process?.sample() { use = before.use(until: after) }
        let seconds = Double(((end ?? .now()) - start).nanoseconds) / 1e9
        let result = ConnectionsResult(
            load: load, seconds: seconds, connected: dialing.connected, subscribed: granted, fault: fault,
            broker: use, generatorSeconds: threadSeconds)
        let closing = sessions.compactMap { $0.close() }
        sessions = []
        EventLoopFuture.andAllComplete(closing, on: loop).map { result }.cascade(to: promise)
    }
}
