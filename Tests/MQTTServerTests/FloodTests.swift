import MQTTBroker
import MQTTCodec
import MQTTServer
import NIOCore
import Testing

/// One client behaves badly in each way that there is a limit for; another on the same broker still gets its messages,
/// and memory stays bounded.
@Suite("Floods", .serialized)
struct FloodTests {
    /// Runs `attack` and checks meanwhile and afterwards that a message of a good client reaches another within seconds.
    private func survives(
        _ limits: BrokerLimits = BrokerLimits(), configure: (inout MQTTServer.Configuration) -> Void = { _ in },
        _ attack: (RunningServer) async throws -> Void
    ) async throws {
        try await RunningServer.with(limits: limits, configure: configure) { running in
            let good = try await WireClient.connect(port: running.port, "good")
            try await good.subscribe("good/#")
            let before = ResidentMemory.bytes()
            try await attack(running)
            for number in 1...20 {
                try await good.publish("good/a", "\(number)", qos: .atLeastOnce, id: UInt16(number))
                let publish = try await good.nextPublish()
                #expect(publish.map { String(buffer: $0.payload) } == "\(number)")
            }
            let grown = ResidentMemory.bytes() - before
            #expect(grown < 100_000_000, "memory grew by \(grown) bytes")
        }
    }

    private func limits(_ change: (inout BrokerLimits) -> Void) -> BrokerLimits {
        var limits = BrokerLimits()
        change(&limits)
        return limits
    }

    @Test("Connections that say nothing are closed in time, and do not use up the places")
    func silentConnections() async throws {
        try await survives(limits { $0.connectTimeout = 1 }) { running in
            for _ in 0..<200 { _ = try await WireClient.open(port: running.port) }
            try await eventually { await running.server.statistics().connections == 1 }
            #expect(await running.server.statistics().connectTimeouts == 200)
        }
    }

    @Test("More connections than the limit are refused")
    func connections() async throws {
        try await survives(limits { $0.maximumConnections = 50 }) { running in
            for _ in 0..<200 { _ = try await WireClient.open(port: running.port) }
            try await eventually { await running.server.statistics().connectionsRefused >= 151 }
            #expect(await running.server.statistics().connections <= 50)
        }
    }

    @Test("A packet that announces more than may come before CONNECT is answered by closing")
    func hugeConnect() async throws {
        try await survives(limits { $0.maximumConnectSize = 1000 }) { running in
            for _ in 0..<20 {
                let client = try await WireClient.open(port: running.port)
                try await client.send(bytes: [0x10, 0xFF, 0xFF, 0xFF, 0x7F] + [UInt8](repeating: 0, count: 500))
                #expect(try await client.next() == nil)
            }
        }
    }

    @Test("Packets larger than the limit end the connection")
    func hugePackets() async throws {
        try await survives(limits { $0.maximumPacketSize = 100_000 }) { running in
            for number in 0..<20 {
                let client = try await WireClient.connect(port: running.port, "big\(number)")
                try? await client.publish("x", String(repeating: "x", count: 200_000))
                guard case .disconnect(let disconnect)? = try await client.next() else {
                    Issue.record("no DISCONNECT")
                    return
                }
                #expect(disconnect.reasonCode == .packetTooLarge)
            }
        }
    }

    @Test("Subscriptions above the limit are refused, the others kept")
    func subscriptions() async throws {
        try await survives(limits { $0.maximumSubscriptionsPerSession = 100 }) { running in
            let client = try await WireClient.connect(port: running.port, "greedy")
            var refused = 0
            for batch in 0..<10 {
                let filters = (0..<50).map { Subscription(filter: "s/\(batch)/\($0)", qos: .atMostOnce) }
                try await client.send(.subscribe(Subscribe(packetID: 1, subscriptions: filters)))
                guard case .suback(let suback)? = try await client.next() else {
                    Issue.record("no SUBACK")
                    return
                }
                refused += suback.reasonCodes.filter { $0 == .quotaExceeded }.count
            }
            #expect(refused == 400)
        }
    }

    @Test("Messages for a client that is away are bounded, and what is dropped is counted")
    func queued() async throws {
        let limits = limits {
            $0.maximumQueuedMessages = 500
            $0.maximumQueuedBytes = 1_000_000
        }
        try await survives(limits) { running in
            let away = try await WireClient.connect(
                port: running.port, "away", clean: false, properties: [.sessionExpiryInterval(600)])
            try await away.subscribe("q/#")
            await away.close()
            let client = try await WireClient.connect(port: running.port, "flood")
            let text = String(repeating: "x", count: 10_000)
            for _ in 0..<20 {
                try client.post(
                    (1...100).map { (id: UInt16) in
                        .publish(
                            Publish(
                                topic: "q/\(id)", payload: ByteBuffer(string: text), qos: .atLeastOnce, packetID: id))
                    })
                for _ in 0..<100 { _ = try await client.next() }
            }
            let figures = await running.server.statistics()
            #expect(figures.queuedMessages <= 100)
            #expect(figures.queuedBytes <= 1_000_000)
            #expect(figures.messagesDropped >= 1900)
        }
    }

    @Test("Retained messages are bounded")
    func retained() async throws {
        try await survives(limits { $0.maximumRetainedMessages = 100 }) { running in
            let client = try await WireClient.connect(port: running.port, "flood")
            for number in 0..<2000 {
                try client.post([
                    .publish(Publish(topic: "r/\(number)", payload: ByteBuffer(string: "x"), retain: true))
                ])
            }
            try await eventually { await running.server.statistics().messagesReceived >= 2000 }
            #expect(await running.server.statistics().retainedMessages == 100)
        }
    }

    @Test(
        "A client that publishes too fast is slowed down, and loses nothing", arguments: [QoS.atMostOnce, .atLeastOnce])
    func publishRate(qos: QoS) async throws {
        try await survives(limits { $0.publishRate = 400 }) { running in
            let receiver = try await WireClient.connect(port: running.port, "receiver")
            try await receiver.subscribe("fast/#")
            let client = try await WireClient.connect(port: running.port, "fast")
            let clock = ContinuousClock()
            let start = clock.now
            // A payload that fills the reads, so that the bucket is not emptied at one go.
            let text = String(repeating: "x", count: 4000)
            try client.post(
                (1...800).map { (id: UInt16) in
                    .publish(
                        Publish(
                            topic: "fast/a", payload: ByteBuffer(string: text), qos: qos,
                            packetID: qos == .atMostOnce ? nil : id))
                })
            for _ in 1...800 { #expect(try await receiver.nextPublish(within: 20) != nil) }
            // 400 at once, 400 more in a second.
            #expect(clock.now - start > .milliseconds(700))
            #expect(await running.server.statistics().publishersThrottled > 0)
        }
    }

    @Test("A client that exceeds the Receive Maximum is cut off, or slowed down where that is configured")
    func receiveMaximum() async throws {
        let policy = SlowPolicy()
        // None, all of a kind, the second of two of a kind, and all since a moment ago.
        for (isLenient, lenient, listener) in [
            (false, "", 0), (true, "tcp", 0), (true, "second", 1), (false, "second", 0), (true, "later", 0),
        ] {
            try await RunningServer.with(limits: limits { $0.receiveMaximum = 10 }, policy: policy) {
                let second = MQTTServer.HostPort(host: "localhost", port: 0)
                $0.tcp.append(second)
                $0.lenient = lenient == "tcp" ? [.tcp] : []
                $0.lenientAddresses = lenient == "second" ? [second] : []
            } _: { running in
                if lenient == "later" {
                    var new = MQTTServer.Configuration(limits: limits { $0.receiveMaximum = 10 })
                    new.lenient = [.tcp]
                    running.server.adopt(new)
                }
                let client = try await WireClient.connect(port: running.addresses.tcp[listener].port, "rude")
                try client.post(
                    (1...50).map { (id: UInt16) in
                        .publish(
                            Publish(topic: "t", payload: ByteBuffer(string: "x"), qos: .atLeastOnce, packetID: id))
                    })
                if isLenient {
                    try await eventually { policy.count > 0 }
                    for number in 1...50 {
                        try await eventually { policy.count > 0 }
                        running.server.release(policy.take(1).map { ($0, .success) })
                        guard case .puback(let answer)? = try await client.next() else {
                            Issue.record("no PUBACK \(number)")
                            return
                        }
                        #expect(answer.packetID == UInt16(number))
                    }
                } else {
                    guard case .disconnect(let disconnect)? = try await client.next() else {
                        Issue.record("no DISCONNECT")
                        return
                    }
                    #expect(disconnect.reasonCode == .receiveMaximumExceeded)
                    _ = policy.take(100)
                }
            }
        }
    }
}
