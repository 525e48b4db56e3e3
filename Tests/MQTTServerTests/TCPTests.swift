import Logging
import MQTTBroker
import MQTTCodec
import MQTTServer
import NIOCore
import NIOPosix
import Synchronization
import Testing

@Suite("MQTT over TCP", .serialized)
struct TCPTests {
    @Test("Messages of every QoS cross the wire", arguments: [1, 2])
    func endToEnd(loops: Int) async throws {
        try await RunningServer.with(loops: loops) { running in
            for version in ProtocolVersion.allCases {
                let subscriber = try await WireClient.connect(port: running.port, "s", version: version)
                try await subscriber.subscribe("a/+/#")
                let publisher = try await WireClient.connect(port: running.port, "p", version: version)
                for qos in QoS.allCases {
                    try await publisher.publish("a/b/c", "\(qos)", qos: qos, id: 9)
                    if qos == .exactlyOnce {
                        #expect(try await publisher.next() == .pubrec(Acknowledgement(packetID: 9)))
                        try await publisher.send(.pubrel(Acknowledgement(packetID: 9)))
                        #expect(try await publisher.next() == .pubcomp(Acknowledgement(packetID: 9)))
                    } else if qos == .atLeastOnce {
                        #expect(try await publisher.next() == .puback(Acknowledgement(packetID: 9)))
                    }
                    let publish = try await subscriber.nextPublish()
                    #expect(publish?.qos == qos)
                    #expect(publish.map { String(buffer: $0.payload) } == "\(qos)")
                }
                try await subscriber.send(.disconnect(Disconnect()))
                try await publisher.send(.disconnect(Disconnect()))
                try await eventually { await running.server.statistics().connections == 0 }
            }
        }
    }

    @Test("A port in use is said in plain words")
    func addressInUse() async throws {
        try await RunningServer.with { running in
            let taken = MQTTServer.HostPort(host: "127.0.0.1", port: running.port)
            let second = MQTTServer(
                configuration: .init(tcp: [taken]), policy: OpenPolicy(),
                eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: Logger(label: "test"))
            let error = await #expect(throws: MQTTServer.StartError.self) { try await second.start() }
            #expect(error == .addressInUse("\(taken)"))
            #expect(error?.description == "address already in use: 127.0.0.1:\(running.port)")
        }
    }

    @Test("A malformed packet ends its own connection, after the reason was sent")
    func malformed() async throws {
        try await RunningServer.with { running in
            let good = try await WireClient.connect(port: running.port, "good")
            try await good.subscribe("t")
            let bad = try await WireClient.connect(port: running.port, "bad")
            // More bytes behind the bad packet, which the server will not read.
            try await bad.send(bytes: [0x36, 0x00] + [UInt8](repeating: 0, count: 100_000))
            #expect(try await bad.next() == .disconnect(Disconnect(reasonCode: .malformedPacket)))
            #expect(try await bad.next() == nil)
            try await good.publish("t", "alive")
            #expect(try await good.nextPublish().map { String(buffer: $0.payload) } == "alive")
        }
    }

    @Test("Shutting down tells MQTT 5 clients and returns soon")
    func shutdown() async throws {
        let group = MultiThreadedEventLoopGroup.singleton
        let server = MQTTServer(
            configuration: .init(tcp: [.init(host: "127.0.0.1", port: 0)]), policy: OpenPolicy(), eventLoopGroup: group,
            logger: Logger(label: "test"))
        let addresses = try await server.start()
        let running = Task { try await server.run() }
        let client = try await WireClient.connect(port: addresses.tcp[0].port, "a")
        running.cancel()
        #expect(try await client.next() == .disconnect(Disconnect(reasonCode: .serverShuttingDown)))
        #expect(try await client.next() == nil)
        try await running.value
        await #expect(throws: (any Error).self) { try await WireClient.open(port: addresses.tcp[0].port) }
    }

    @Test("The host publishes, and sees clients and figures", arguments: [1, 2])
    func host(loops: Int) async throws {
        try await RunningServer.with(loops: loops) { running in
            var clients: [WireClient] = []
            for number in 0..<4 {
                let client = try await WireClient.connect(port: running.port, "c\(number)")
                try await client.subscribe("t/#", qos: .atLeastOnce)
                clients.append(client)
            }
            let live = await running.server.publish(LocalMessage(topic: "t/1", text: "one", qos: .atLeastOnce))
            #expect(live == 4)
            running.server.post(LocalMessage(topic: "t/1", text: "two", retain: true))
            for client in clients {
                #expect(try await client.nextPublish().map { String(buffer: $0.payload) } == "one")
                #expect(try await client.nextPublish().map { String(buffer: $0.payload) } == "two")
            }
            let figures = await running.server.statistics()
            #expect(figures.connections == 4 && figures.sessions == 4 && figures.subscriptions == 4)
            #expect(figures.retainedMessages == 1 && figures.messagesSent == 8)
            let infos = await running.server.clients()
            #expect(infos.map(\.clientID) == ["c0", "c1", "c2", "c3"])
            #expect(infos.allSatisfy { $0.subscriptions == ["t/#"] && $0.context?.remoteAddress.isEmpty == false })
            running.server.disconnect(clientID: "c2")
            #expect(try await clients[2].next() == .disconnect(Disconnect(reasonCode: .administrativeAction)))
        }
    }

    /// Holds every acknowledgement and keeps the tickets.
    private final class HoldingPolicy: BrokerPolicy {
        let tickets = Mutex<[HoldTicket]>([])

        func inspect(_ publish: borrowing PublishInspection) -> PublishVerdict {
            let ticket = publish.ticket
            tickets.withLock { $0.append(ticket) }
            return .hold(retained: false)
        }
    }

    @Test("A held acknowledgement leaves when the host releases it", arguments: [1, 2])
    func release(loops: Int) async throws {
        let policy = HoldingPolicy()
        try await RunningServer.with(loops: loops, policy: policy) { running in
            let clients = [
                try await WireClient.connect(port: running.port, "a"),
                try await WireClient.connect(port: running.port, "b"),
            ]
            for client in clients {
                try await client.publish("t", "x", qos: .atLeastOnce, id: 3)
                try await client.send(.pingreq)
                #expect(try await client.next() == .pingresp)
            }
            running.server.release(policy.tickets.withLock { $0.map { ($0, .success) } })
            for client in clients { #expect(try await client.next() == .puback(Acknowledgement(packetID: 3))) }
        }
    }

    @Test("A subscriber that does not read loses nothing, and slows down only its own publisher")
    func slowSubscriber() async throws {
        try await RunningServer.with { running in
            let slow = try await WireClient.connect(port: running.port, "slow", receiveBuffer: 4096)
            try await slow.subscribe("slow", qos: .atMostOnce)
            try await slow.setReading(false)
            let publisher = try await WireClient.connect(port: running.port, "p")
            let count = 8000
            let text = String(repeating: "x", count: 4000)
            let packets = (0..<count).map {
                Packet.publish(Publish(topic: "slow", payload: ByteBuffer(string: "\($0) \(text)")))
            }
            try publisher.post(packets)
            // Others are served meanwhile.
            let quick = try await WireClient.connect(port: running.port, "quick")
            try await quick.subscribe("quick")
            for number in 0..<100 {
                try await quick.publish("quick", "\(number)")
                #expect(try await quick.nextPublish().map { String(buffer: $0.payload) } == "\(number)")
            }
            #expect(await running.server.statistics().messagesReceived < count)
            try await slow.setReading(true)
            for number in 0..<count {
                let publish = try await slow.nextPublish()
                guard publish.map({ String(buffer: $0.payload).hasPrefix("\(number) ") }) == true else {
                    Issue.record("message \(number) is missing")
                    break
                }
            }
            #expect(await running.server.statistics().messagesDropped == 0)
        }
    }

    @Test("A connection beyond the limit is closed")
    func maximumConnections() async throws {
        var limits = BrokerLimits()
        limits.maximumConnections = 1
        try await RunningServer.with(limits: limits) { running in
            let first = try await WireClient.connect(port: running.port, "a")
            let second = try await WireClient.open(port: running.port)
            #expect(try await second.next() == nil)
            try await first.send(.pingreq)
            #expect(try await first.next() == .pingresp)
        }
    }
}
