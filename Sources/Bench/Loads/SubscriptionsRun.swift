import MQTTCodec
import NIOCore

/// Runs one ``SubscriptionsLoad`` and blocks its thread meanwhile.
struct SubscriptionsRun {
    private let load: SubscriptionsLoad
    private let broker: BrokerAddress
    private let address: SocketAddress
    private let process: ProcessProbe?
    private let limits: LoadLimits
    private let prefix = "bench-" + String(UInt32.random(in: 1 ... .max), radix: 36)

    /// Filters in one SUBSCRIBE.
    private static let filtersAtOnce = 250
    /// Publishes that wait for their acknowledgement at a time.
    private static let window = 64
    /// After so many the topics come again: more than a broker's cache of topics may be expected to hold.
    private static let topics = 200_000

    init(
        _ load: SubscriptionsLoad, to broker: BrokerAddress, at address: SocketAddress,
        watching process: ProcessProbe?, limits: LoadLimits
    ) {
        self.load = load
        self.broker = broker
        self.address = address
        self.process = process
        self.limits = limits
    }

    func run() throws(EncodeError) -> SubscriptionsResult {
        OpenFiles.allow(load.connections + 256)
        var result = SubscriptionsResult(
            load: load, subscribed: 0, seconds: 0, acknowledged: 0, delivered: 0, generatorSeconds: 0)
        let packets = try (0..<load.connections).map(subscribes)
        let publishes = try publishes()
        let before = process?.sample()
        var connections: [BlockingConnection] = []
        do throws(LoadFault) {
            for number in 0..<load.connections {
                connections.append(try connect("s\(number)"))
            }
            let publisher = try connect("p")
            for (connection, packets) in zip(connections, packets) {
                for (bytes, count) in packets {
                    try connection.send(bytes)
                    try connection.readSuback(of: count)
                    result.subscribed += count
                }
            }
            let middle = process?.sample()
            result.subscribing = before.flatMap { before in middle.map { before.use(until: $0) } }
            let threadStart = ThreadClock.seconds()
            let start = NIODeadline.now()
            defer {
                result.seconds = Double((NIODeadline.now() - start).nanoseconds) / 1e9
                result.generatorSeconds = ThreadClock.seconds() - threadStart
                result.publishing = middle.flatMap { middle in process?.sample().map { middle.use(until: $0) } }
            }
            for (bytes, count, receivers) in publishes {
                try publisher.send(bytes)
                let answers = try publisher.receive(4 * count)
                guard answers[0] == 0x40, answers[1] == 2 else { throw .malformed("\(answers.prefix(4)) as PUBACK") }
                result.acknowledged += count
                for (receiver, size) in receivers {
                    let delivery = try connections[receiver].receive(size)
                    guard delivery[0] == 0x30 else { throw .malformed("\(delivery.prefix(4)) as PUBLISH") }
                    result.delivered += 1
                }
                if NIODeadline.now() - start > limits.total { throw .timedOut }
            }
        } catch { result.fault = error }
        return result
    }

    private func connect(_ name: String) throws(LoadFault) -> BlockingConnection {
        let connection = try BlockingConnection(to: address, patience: limits.setUp)
        var bytes = ByteBuffer()
        do {
            try broker.connect(clientID: "\(prefix)-\(name)").encode(into: &bytes, version: .v3_1_1)
        } catch { throw .malformed("nothing; the CONNECT can't be encoded: \(error)") }
        try connection.send(bytes)
        let answer = try connection.receive(4)
        guard answer[0] == 0x20, answer[1] == 2 else { throw .malformed("\(answer) as CONNACK") }
        guard answer[3] == 0 else { throw .refused(answer[3]) }
        return connection
    }

    /// The numbers of a connection's subscriptions.
    private func numbers(_ connection: Int) -> StrideTo<Int> {
        stride(from: connection, to: load.subscriptions, by: load.connections)
    }

    /// A wildcard in the middle and one at the end, below a level of its own.
    private func filter(_ number: Int) -> String { "\(prefix)/\(number / 1000)/\(number % 1000)/+/#" }

    private func subscribes(_ connection: Int) throws(EncodeError) -> [(bytes: ByteBuffer, count: Int)] {
        var packets: [(ByteBuffer, Int)] = []
        let numbers = Array(numbers(connection))
        for start in stride(from: 0, to: numbers.count, by: Self.filtersAtOnce) {
            let part = numbers[start..<min(numbers.count, start + Self.filtersAtOnce)]
            var bytes = ByteBuffer()
            let subscriptions = part.map { Subscription(filter: filter($0), qos: .atMostOnce) }
            try Packet.subscribe(Subscribe(packetID: 1, subscriptions: subscriptions))
                .encode(into: &bytes, version: .v3_1_1)
            packets.append((bytes, part.count))
        }
        return packets
    }

    private typealias Burst = (bytes: ByteBuffer, count: Int, receivers: [(connection: Int, size: Int)])

    /// The publishes in bursts, with who gets what of them.
    private func publishes() throws(EncodeError) -> [Burst] {
        var bursts: [Burst] = []
        for start in stride(from: 0, to: load.publishes, by: Self.window) {
            var burst: Burst = (ByteBuffer(), 0, [])
            for number in start..<min(load.publishes, start + Self.window) {
                // Far from each other, so that neighbours in the broker's memory are no help.
                let place = number &* 7919 % load.subscriptions
                let topic =
                    switch load.target {
                    case .nobody: "\(prefix)/\(place / 1000)/none/\(number % Self.topics)/v"
                    case .one: "\(prefix)/\(place / 1000)/\(place % 1000)/\(number % Self.topics)/v"
                    }
                let payload = ByteBuffer(repeating: 0x78, count: 64)
                let publish = Publish(
                    topic: topic, payload: payload, qos: .atLeastOnce, packetID: UInt16(number % Self.window + 1))
                try Packet.publish(publish).encode(into: &burst.bytes, version: .v3_1_1)
                burst.count += 1
                // QoS 0 towards the subscriber: a first byte, the length in one byte, the topic with its length.
                if load.target == .one {
                    burst.receivers.append((place % load.connections, 2 + 2 + topic.utf8.count + payload.readableBytes))
                }
            }
            bursts.append(burst)
        }
        return bursts
    }
}

extension BlockingConnection {
    /// Reads a SUBACK that grants QoS 0 to so many filters.
    fileprivate func readSuback(of count: Int) throws(LoadFault) {
        let remaining = 2 + count
        let lengthBytes = remaining < 128 ? 1 : 2
        let answer = try receive(1 + lengthBytes + remaining)
        guard answer[0] == 0x90 else { throw .malformed("\(answer.prefix(4)) as SUBACK") }
        if let refused = answer.suffix(count).first(where: { $0 != 0 }) { throw .subscriptionRefused(refused) }
    }
}
