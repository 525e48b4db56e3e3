import MQTTCodec
import NIOCore

/// Runs one ``ConnectionsLoad`` and blocks its thread meanwhile.
struct ConnectionsRun {
    private let load: ConnectionsLoad
    private let broker: BrokerAddress
    private let address: SocketAddress
    private let process: ProcessProbe?
    private let limits: LoadLimits
    private let prefix = "bench-" + String(UInt32.random(in: 1 ... .max), radix: 36)

    /// How many packets wait for their answer at a time.
    private static let atOnce = 64

    init(
        _ load: ConnectionsLoad, to broker: BrokerAddress, at address: SocketAddress,
        watching process: ProcessProbe?, limits: LoadLimits
    ) {
        self.load = load
        self.broker = broker
        self.address = address
        self.process = process
        self.limits = limits
    }

    func run() throws(EncodeError) -> ConnectionsResult {
        OpenFiles.allow(load.connections + 256)
        let packets = try (0..<load.connections).map(packets)
        let before = process?.sample()
        let threadStart = ThreadClock.seconds()
        let start = NIODeadline.now()
        var connections: [BlockingConnection] = []
        connections.reserveCapacity(load.connections)
        var fault: LoadFault?

        let connected = answered(since: start, &fault) { number throws(LoadFault) in
            let connection = try BlockingConnection(to: address, patience: limits.quiet)
            connections.append(connection)
            try connection.send(packets[number].connect)
        } receive: { number throws(LoadFault) in
            let answer = try connections[number].receive(4)
            guard answer[0] == 0x20, answer[1] == 2 else { throw .malformed("\(answer) as CONNACK") }
            guard answer[3] == 0 else { throw .refused(answer[3]) }
        }
        let seconds = Double((NIODeadline.now() - start).nanoseconds) / 1e9
        let threadSeconds = ThreadClock.seconds() - threadStart

        var subscribed = 0
        if fault == nil {
            subscribed = answered(since: start, &fault) { number throws(LoadFault) in
                try connections[number].send(packets[number].subscribe)
            } receive: { number throws(LoadFault) in
                let answer = try connections[number].receive(5)
                guard answer[0] == 0x90, answer[1] == 3 else { throw .malformed("\(answer) as SUBACK") }
                guard answer[4] == 0 else { throw .subscriptionRefused(answer[4]) }
            }
        }
        let use = before.flatMap { before in process?.sample().map { before.use(until: $0) } }
        for (connection, packet) in zip(connections, packets) { try? connection.send(packet.disconnect) }
        return ConnectionsResult(
            load: load, seconds: seconds, connected: connected, subscribed: subscribed, fault: fault, broker: use,
            generatorSeconds: threadSeconds)
    }

    /// Sends for each connection and takes the answers in the same order, a few behind.
    /// - Returns: how many connections were answered before the first fault.
    private func answered(
        since start: NIODeadline, _ fault: inout LoadFault?, send: (Int) throws(LoadFault) -> Void,
        receive: (Int) throws(LoadFault) -> Void
    ) -> Int {
        var received = 0
        do throws(LoadFault) {
            for number in 0..<load.connections {
                if number - received == Self.atOnce {
                    try receive(received)
                    received += 1
                }
                try send(number)
                if NIODeadline.now() - start > limits.total { throw .timedOut }
            }
            while received < load.connections {
                try receive(received)
                received += 1
            }
        } catch { fault = error }
        return received
    }

    private struct Packets {
        var connect = ByteBuffer()
        var subscribe = ByteBuffer()
        var disconnect = ByteBuffer()
    }

    /// What one connection sends, encoded beforehand.
    private func packets(_ number: Int) throws(EncodeError) -> Packets {
        var packets = Packets()
        try broker.connect(clientID: "\(prefix)-\(number)").encode(into: &packets.connect, version: .v3_1_1)
        let subscription = Subscription(filter: "\(prefix)/\(number)/#", qos: .atMostOnce)
        try Packet.subscribe(Subscribe(packetID: 1, subscriptions: [subscription]))
            .encode(into: &packets.subscribe, version: .v3_1_1)
        try Packet.disconnect(Disconnect()).encode(into: &packets.disconnect, version: .v3_1_1)
        return packets
    }
}
