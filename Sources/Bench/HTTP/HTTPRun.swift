import NIOCore
import NIOHTTP1
import NIOPosix

/// Runs one ``HTTPLoad``. Used on its event loop only.
final class HTTPRun {
    private enum Phase {
        case opening, running, closed
    }

    private(set) var head: HTTPRequestHead
    private let load: HTTPLoad
    private let address: SocketAddress
    private let loop: any EventLoop
    private let process: ProcessProbe?
    private let limits: LoadLimits
    private let promise: EventLoopPromise<HTTPResult>

    private var connections: [HTTPConnection] = []
    private var phase = Phase.opening
    private var isMeasuring = false
    private var opened = 0
    private var requested = 0
    private var answered = 0
    private var failures: [Int: Int] = [:]
    private var bodyBytes = 0
    private var times: [Int64] = []

    private var start = NIODeadline.uptimeNanoseconds(0)
    private var last = NIODeadline.uptimeNanoseconds(0)
    private var threadStart = 0.0
    private var before: ProcessProbe.Sample?

    init(
        _ load: HTTPLoad, authority: String, at address: SocketAddress, on loop: any EventLoop,
        watching process: ProcessProbe?, limits: LoadLimits, promise: EventLoopPromise<HTTPResult>
    ) {
        self.load = load
        self.address = address
        self.loop = loop
        self.process = process
        self.limits = limits
        self.promise = promise
        var head = HTTPRequestHead(version: .http1_1, method: .GET, uri: load.path)
        head.headers.add(name: "Host", value: authority)
        head.headers.add(name: "Accept", value: load.accept)
        self.head = head
        connections = (0..<load.connections).map { _ in HTTPConnection(run: self) }
        times.reserveCapacity(load.requests)
    }

    func begin() {
        loop.assumeIsolated().scheduleTask(in: limits.setUp) { [self] in
            if phase == .opening { end(.notReady) }
        }
        for connection in connections {
            let bound = NIOLoopBound(connection, eventLoop: loop)
            let run = NIOLoopBound(self, eventLoop: loop)
            ClientBootstrap(group: loop)
                .connectTimeout(.seconds(10))
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHTTPClientHandlers()
                        try channel.pipeline.syncOperations.addHandler(bound.value)
                    }
                }
                .connect(to: address)
                .whenFailure { error in run.value.end(.unreachable("\(error)")) }
        }
    }

    // MARK: For the connections

    func connectionOpened() {
        opened += 1
        guard phase == .opening, opened == connections.count else { return }
        phase = .running
        start = .now()
        last = start
        watch()
        // Of a conditional load the first request finds out the entity tag.
        if load.isConditional { connections.first?.send() } else { measure() }
    }

    private func measure() {
        isMeasuring = true
        before = process?.sample()
        threadStart = ThreadClock.seconds()
        start = .now()
        last = start
        for connection in connections { connection.sendNext() }
    }

    /// Whether one more request is to be sent.
    func takeRequest() -> Bool {
        guard phase == .running, isMeasuring, requested < load.requests else { return false }
        requested += 1
        return true
    }

    func answered(status: Int, tag: String?, bodyBytes: Int, after time: TimeAmount) {
        guard phase == .running else { return }
        last = .now()
        guard isMeasuring else {
            guard let tag else { return end(.noTag) }
            head.headers.add(name: "If-None-Match", value: tag)
            return measure()
        }
        self.bodyBytes += bodyBytes
        times.append(time.nanoseconds)
        if status == (load.isConditional ? 304 : 200) { answered += 1 } else { failures[status, default: 0] += 1 }
        if times.count == load.requests { end(nil) }
    }

    func end(_ fault: LoadFault?) {
        guard phase != .closed else { return }
        let use = before.flatMap { before in process?.sample().map { before.use(until: $0) } }
        let generator = phase == .running ? ThreadClock.seconds() - threadStart : 0
        phase = .closed
        let result = HTTPResult(
            load: load, seconds: Double((last - start).nanoseconds) / 1e9, answered: answered, failures: failures,
            bodyBytes: bodyBytes, latency: LatencySummary(nanoseconds: times), fault: fault, server: use,
            generatorSeconds: generator)
        let closing = connections.compactMap { $0.close() }
        connections = []
        EventLoopFuture.andAllComplete(closing, on: loop).map { result }.cascade(to: promise)
    }

    private func watch() {
        loop.assumeIsolated().scheduleTask(in: .milliseconds(20)) { [self] in
            guard phase == .running else { return }
            let now = NIODeadline.now()
            if now - last > limits.quiet || now - start > limits.total { end(.timedOut) } else { watch() }
        }
    }
}

/// One keep-alive connection with at most one request under way.
final class HTTPConnection: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    private var run: HTTPRun?
    private var context: ChannelHandlerContext?
    private var isClosed = false
    private var isBusy = false
    private var tag: String?
    private var sent = NIODeadline.uptimeNanoseconds(0)
    private var status = 0
    private var bodyBytes = 0

    init(run: HTTPRun) { self.run = run }

    func sendNext() {
        guard !isBusy, context != nil, let run, run.takeRequest() else { return }
        send()
    }

    func send() {
        guard let context, let run else { return }
        isBusy = true
        sent = .now()
        context.write(wrapOutboundOut(.head(run.head)), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }

    /// Closes; the run hears nothing more.
    func close() -> EventLoopFuture<Void>? {
        run = nil
        isClosed = true
        context?.close(promise: nil)
        return context?.channel.closeFuture
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        if isClosed { context.close(promise: nil) }
    }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelActive(context: ChannelHandlerContext) { run?.connectionOpened() }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            status = Int(head.status.code)
            tag = head.headers.first(name: "ETag")
            bodyBytes = 0
        case .body(let bytes): bodyBytes += bytes.readableBytes
        case .end:
            isBusy = false
            run?.answered(status: status, tag: tag, bodyBytes: bodyBytes, after: .now() - sent)
            sendNext()
        }
    }

    func channelInactive(context: ChannelHandlerContext) { run?.end(.closedByServer) }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        run?.end(.unreachable("\(error)"))
        context.close(promise: nil)
    }
}
