import MQTTCodec
import NIOCore

/// Runs one ``PubSubLoad``. Used on its event loop only.
final class PubSubRun: SessionOwner {
    private enum Phase {
        case opening, subscribing, running
        /// All came; a PINGREQ to each subscriber finds copies that are still on their way.
        case draining
        case closed
    }

    private let load: PubSubLoad
    private let loop: any EventLoop
    private let address: SocketAddress
    private let process: ProcessProbe?
    private let limits: LoadLimits
    private let tag: UInt32
    private let promise: EventLoopPromise<PubSubResult>

    private var publishers: [SessionHandler<PublisherTraffic>] = []
    private var subscribers: [SessionHandler<SubscriberTraffic>] = []
    private let turns = Turns()
    private var phase = Phase.opening
    private var dialing: Dialing
    private var waitingFor = 0
    private var progress = Progress()
    private var fault: LoadFault?

    private var start = NIODeadline.uptimeNanoseconds(0)
    private var last = NIODeadline.uptimeNanoseconds(0)
    private var threadStart = 0.0
    private var threadSeconds = 0.0
    private var before: ProcessProbe.Sample?
    private var use: ProcessUse?

    init(
        _ load: PubSubLoad, to broker: BrokerAddress, at address: SocketAddress, on loop: any EventLoop,
        watching process: ProcessProbe?, limits: LoadLimits, promise: EventLoopPromise<PubSubResult>
    ) throws {
        self.load = load
        self.loop = loop
        self.address = address
        self.process = process
        self.limits = limits
        self.promise = promise
        tag = UInt32.random(in: 1 ... .max)
        dialing = Dialing(total: load.publishers + load.subscribers)
        let names = LoadNames(load.layout, tag: tag)
        for number in 0..<load.subscribers {
            let sources = load.layout == .pairs ? number..<(number + 1) : 0..<load.publishers
            let ledger = DeliveryLedger(run: tag, publishers: sources, messages: load.messages)
            let traffic = SubscriberTraffic(ledger: ledger, qos: load.qos, notesTimes: load.rate != nil)
            subscribers.append(
                SessionHandler(traffic, clientID: names.clientID("s", number), broker: broker, owner: self))
        }
        for number in 0..<load.publishers {
            let content: MessageTemplate.Content =
                load.layout == .sensors
                ? .reading : .stamp(run: tag, publisher: UInt32(number), bytes: load.payloadBytes)
            let template = try MessageTemplate(topic: names.topic(number), qos: load.qos, content: content)
            let traffic = PublisherTraffic(
                template: template, messages: load.messages, qos: load.qos, window: load.window,
                paced: load.rate != nil)
            publishers.append(
                SessionHandler(traffic, clientID: names.clientID("p", number), broker: broker, owner: self))
        }
    }

    func begin() {
        loop.assumeIsolated().scheduleTask(in: limits.setUp) { [self] in
            if phase == .opening || phase == .subscribing { failed(.notReady) }
        }
        turns.open(
            on: loop,
            ready: { [self] error in
                if let error { failed(.unreachable("\(error)")) } else { dial() }
            }, onTurn: { [self] in turn() })
    }

    private func dial() {
        let buffers = AdaptiveRecvByteBufferAllocator(minimum: 2048, initial: 16 << 10, maximum: 64 << 10)
        while phase == .opening, let number = dialing.next() {
            if number < subscribers.count {
                subscribers[number].open(to: address, on: loop, buffers: buffers)
            } else {
                publishers[number - subscribers.count].open(to: address, on: loop, buffers: buffers)
            }
        }
    }

    // MARK: SessionOwner

    func connected() {
        dialing.noteConnected()
        guard dialing.isDone else { return dial() }
        phase = .subscribing
        waitingFor = subscribers.count
        let names = LoadNames(load.layout, tag: tag)
        for (number, subscriber) in subscribers.enumerated() {
            subscriber.subscribe(to: names.filter(number), qos: load.qos)
        }
        if subscribers.isEmpty { run() }
    }

    func subscribed() {
        waitingFor -= 1
        if phase == .subscribing, waitingFor == 0 { run() }
    }

    func progressed(_ more: Progress) {
        progress += more
        guard phase == .running else { return }
        last = .now()
        guard progress.delivered >= load.expectedDeliveries,
            load.qos == .atMostOnce || progress.acknowledged >= load.publishers * load.messages
        else { return }
        measure()
        drain()
    }

    func becameWritable() { turns.request() }

    func ponged() {
        waitingFor -= 1
        if phase == .draining, waitingFor == 0 { close() }
    }

    func failed(_ fault: LoadFault) {
        switch phase {
        case .opening, .subscribing, .running:
            self.fault = fault
            if phase == .running { measure() }
            close()
        case .draining: close()
        case .closed: break
        }
    }

    // MARK: Running

    private func run() {
        phase = .running
        before = process?.sample()
        threadStart = ThreadClock.seconds()
        start = .now()
        last = start
        watch()
        turns.request()
    }

    private func watch() {
        loop.assumeIsolated().scheduleTask(in: .milliseconds(20)) { [self] in
            guard phase == .running else { return }
            let now = NIODeadline.now()
            if now - last > limits.quiet || now - start > limits.total { failed(.timedOut) } else { watch() }
        }
    }

    /// One turn: a burst from each publisher that may send. Between two turns the loop serves its sockets.
    private func turn() {
        guard phase == .running else { return }
        var more = false
        if let rate = load.rate {
            let seconds = Double((NIODeadline.now() - start).nanoseconds) / 1e9
            let allowance = Int(min(Double(load.messages), seconds * rate + 1))
            for publisher in publishers {
                publisher.withTraffic { $0.allowance = allowance }
                _ = publisher.pump()
            }
            // Turns without a pause until the end, so that no message waits for a sleeping thread.
            more = true
        } else {
            for publisher in publishers where publisher.pump() { more = load.qos == .atMostOnce }
        }
        if more { turns.request() }
    }

    // MARK: Ending

    private func measure() {
        threadSeconds = ThreadClock.seconds() - threadStart
        if let before, let after = process?.sample() { use = before.use(until: after) }
    }

    private func drain() {
        phase = .draining
        waitingFor = subscribers.count
        guard waitingFor > 0 else { return close() }
        for subscriber in subscribers { subscriber.ping() }
        loop.assumeIsolated().scheduleTask(in: limits.quiet) { [self] in
            if phase == .draining { close() }
        }
    }

    private func close() {
        phase = .closed
        let closing = publishers.compactMap { $0.close() } + subscribers.compactMap { $0.close() }
        let result = result()
        turns.close()
        publishers = []
        subscribers = []
        EventLoopFuture.andAllComplete(closing, on: loop).map { result }.cascade(to: promise)
    }

    private func result() -> PubSubResult {
        var tally = DeliveryLedger.Tally()
        for subscriber in subscribers {
            let part = subscriber.session.traffic.ledger.tally
            tally.delivered += part.delivered
            tally.duplicates += part.duplicates
            tally.reordered += part.reordered
            tally.foreign += part.foreign
        }
        return PubSubResult(
            load: load, seconds: Double((last - start).nanoseconds) / 1e9,
            published: publishers.reduce(0) { $0 + $1.session.traffic.sent },
            acknowledged: publishers.reduce(0) { $0 + $1.session.traffic.acknowledged },
            delivered: tally.delivered, duplicates: tally.duplicates, reordered: tally.reordered,
            foreign: tally.foreign, fault: fault, latency: latency(), broker: use, generatorSeconds: threadSeconds)
    }

    private func latency() -> LatencySummary? {
        guard load.rate != nil else { return nil }
        let sent = publishers.map { $0.session.traffic.sendTimes }
        var times: [Int64] = []
        for subscriber in subscribers {
            for (stamp, arrival) in subscriber.session.traffic.arrivals where stamp.run == tag {
                let publisher = Int(stamp.publisher)
                guard publisher < sent.count, stamp.sequence < UInt64(sent[publisher].count) else { continue }
                times.append((arrival - sent[publisher][Int(stamp.sequence)]).nanoseconds)
            }
        }
        return LatencySummary(nanoseconds: times)
    }
}
