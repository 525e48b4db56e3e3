import MQTTClient
import MQTTCodec
import NIOCore
import NIOPosix
import Testing

@Suite("The client on a real socket", .timeLimit(.minutes(1)))
struct MQTTClientTests {
    private let loop = MultiThreadedEventLoopGroup.singleton.next()

    private func options(_ server: ScriptedServer, _ version: ProtocolVersion = .v5) -> MQTTClient.Options {
        var options = MQTTClient.Options(host: "127.0.0.1", port: server.port, clientID: "c")
        options.version = version
        return options
    }

    private func publishes(_ server: ScriptedServer) -> [Publish] {
        server.packets.compactMap { packet in
            if case .publish(let publish) = packet { publish } else { nil }
        }
    }

    @Test(arguments: ProtocolVersion.allCases)
    func publishesWithEveryQoS(_ version: ProtocolVersion) async throws {
        try await ScriptedServer.run(version: version) { server in
            let client = try await MQTTClient.connect(options(server, version), on: loop)
            for qos in QoS.allCases {
                try await client.publish(topic: "t", payload: [qos.rawValue], qos: qos, retain: qos == .atLeastOnce)
            }
            await client.disconnect()
            await eventually("closed") { server.closedConnections == 1 }
            #expect(publishes(server).map(\.qos) == [.atMostOnce, .atLeastOnce, .exactlyOnce])
            #expect(publishes(server).map(\.retain) == [false, true, false])
            #expect(server.packets.last == .disconnect(Disconnect()))
            #expect(server.packets.contains(.pubrel(Acknowledgement(packetID: 2))))
        }
    }

    @Test(arguments: ProtocolVersion.allCases)
    func subscribesAndReceives(_ version: ProtocolVersion) async throws {
        try await ScriptedServer.run(version: version) { server in
            let received = Collected<MQTTClient.ReceivedMessage>()
            let client = try await MQTTClient.connect(
                options(server, version), on: loop, onMessage: { received.add($0) })
            let codes = try await client.subscribe([("a/#", .exactlyOnce), ("b", .atMostOnce)])
            #expect(codes == [.grantedQoS2, .grantedQoS0])
            let connection = try #require(server.connections.first)
            for (id, qos) in QoS.allCases.enumerated() {
                connection.send(
                    .publish(
                        Publish(
                            topic: "a/\(id)", payload: ByteBuffer(string: "x"), qos: qos,
                            packetID: qos == .atMostOnce ? nil : UInt16(id))))
            }
            await eventually("three messages") { received.values.count == 3 }
            #expect(received.values.map(\.topic) == ["a/0", "a/1", "a/2"])
            #expect(received.values.map(\.qos) == QoS.allCases)
            await eventually("acknowledged") { server.packets.contains(.pubrec(Acknowledgement(packetID: 2))) }
            #expect(server.packets.contains(.puback(Acknowledgement(packetID: 1))))
            connection.send(.pubrel(Acknowledgement(packetID: 2)))
            await eventually("completed") { server.packets.contains(.pubcomp(Acknowledgement(packetID: 2))) }
            #expect(try await client.unsubscribe(["a/#", "b"]) == [.success, .success])
            await client.disconnect()
        }
    }

    @Test func tellsWhyItIsRefused() async throws {
        let refusing: ScriptedServer.Script = { packet, connection in
            guard case .connect = packet else { return }
            connection.send(
                .connack(
                    Connack(
                        sessionPresent: false, reasonCode: .badUserNameOrPassword,
                        properties: [.reasonString("who?")])))
            connection.close()
        }
        try await ScriptedServer.run(version: .v5, script: refusing) { server in
            let closes = Collected<MQTTClientError?>()
            let error = await #expect(throws: MQTTClientError.self) {
                try await MQTTClient.connect(options(server), on: loop, onClose: { closes.add($0) })
            }
            #expect(error == .refused(.badUserNameOrPassword, reason: "who?"))
            #expect(closes.values.isEmpty)
        }
        try await ScriptedServer.run(version: .v3_1_1, script: refusing) { server in
            let error = await #expect(throws: MQTTClientError.self) {
                try await MQTTClient.connect(options(server, .v3_1_1), on: loop)
            }
            #expect(error == .refused(.badUserNameOrPassword, reason: nil))
        }
    }

    @Test func tellsThatNobodyListens() async throws {
        var port = 0
        try await ScriptedServer.run { port = $0.port }
        let options = MQTTClient.Options(host: "127.0.0.1", port: port, clientID: "c")
        let error = await #expect(throws: MQTTClientError.self) { try await MQTTClient.connect(options, on: loop) }
        guard case .unreachable = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test func givesUpOnAServerThatSaysNothing() async throws {
        try await ScriptedServer.run(script: { _, _ in }) { server in
            var options = options(server)
            options.connectTimeout = .seconds(1)
            let error = await #expect(throws: MQTTClientError.self) { try await MQTTClient.connect(options, on: loop) }
            #expect(error == .timeout(.connack))
            await eventually("closed") { server.closedConnections == 1 }
        }
    }

    @Test func tellsTheLossOfTheConnection() async throws {
        let mute: ScriptedServer.Script = { packet, connection in
            if case .connect = packet { ScriptedServer.accepting(packet, connection) }
            if case .subscribe = packet { connection.close() }
        }
        try await ScriptedServer.run(script: mute) { server in
            let closes = Collected<MQTTClientError?>()
            let client = try await MQTTClient.connect(options(server), on: loop, onClose: { closes.add($0) })
            let unacknowledged = Collected<MQTTClientError>()
            client.send(topic: "t", payload: ByteBuffer(string: "x"), qos: .exactlyOnce) { result in
                if case .failure(let error) = result { unacknowledged.add(error) }
            }
            await eventually("published") { publishes(server).count == 1 }
            let error = await #expect(throws: MQTTClientError.self) {
                try await client.subscribe([("a", .atMostOnce)])
            }
            guard case .connectionLost = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            await client.closed()
            #expect(closes.values == [error])
            #expect(unacknowledged.values.map { $0 } == closes.values)
            #expect(await client.session().unacknowledgedCount == 1)
            await #expect(throws: MQTTClientError.self) { try await client.publish(topic: "t", payload: []) }
        }
    }

    @Test func tellsTheDisconnectOfTheServer() async throws {
        try await ScriptedServer.run { server in
            let closes = Collected<MQTTClientError?>()
            let client = try await MQTTClient.connect(options(server), on: loop, onClose: { closes.add($0) })
            let properties: Properties = [.reasonString("bye")]
            server.connections.first?.send(
                .disconnect(Disconnect(reasonCode: .sessionTakenOver, properties: properties)))
            await client.closed()
            #expect(closes.values == [.disconnectedByServer(.sessionTakenOver, reason: "bye")])
            await eventually("closed") { server.closedConnections == 1 }
        }
    }

    @Test func answersMalformedBytesWithAReason() async throws {
        try await ScriptedServer.run { server in
            let closes = Collected<MQTTClientError?>()
            let client = try await MQTTClient.connect(options(server), on: loop, onClose: { closes.add($0) })
            server.connections.first?.send(bytes: ByteBuffer(bytes: [0x36, 0x00]))
            await client.closed()
            guard case .protocolError = closes.values.first ?? nil else {
                Issue.record("\(closes.values)")
                return
            }
            await eventually("told") { server.packets.last == .disconnect(Disconnect(reasonCode: .malformedPacket)) }
        }
    }

    @Test func dropsTheConnectionOnAbort() async throws {
        try await ScriptedServer.run { server in
            let closes = Collected<MQTTClientError?>()
            let client = try await MQTTClient.connect(options(server), on: loop, onClose: { closes.add($0) })
            client.abort()
            await client.closed()
            await eventually("closed") { server.closedConnections == 1 }
            #expect(server.packets.count == 1)
            #expect(closes.values == [nil])
            await #expect(throws: MQTTClientError.closed) { try await client.publish(topic: "t", payload: []) }
        }
    }

    @Test func pingsWhenIdle() async throws {
        try await ScriptedServer.run { server in
            var options = options(server)
            options.keepAliveSeconds = 1
            let client = try await MQTTClient.connect(options, on: loop)
            await eventually("two pings") { server.packets.filter { $0 == .pingreq }.count == 2 }
            #expect(!server.connections.isEmpty && server.closedConnections == 0)
            await client.disconnect()
        }
    }

    @Test("many sends in one tick keep their order and become few writes")
    func keepsOrder() async throws {
        try await ScriptedServer.run { server in
            let client = try await MQTTClient.connect(options(server), on: loop)
            let acknowledged = Collected<Int>()
            loop.execute {
                for number in 0..<5_000 {
                    client.send(topic: "t", payload: ByteBuffer(integer: number), qos: .atLeastOnce) { result in
                        if case .success = result { acknowledged.add(number) }
                    }
                }
            }
            await eventually("all acknowledged") { acknowledged.values.count == 5_000 }
            #expect(acknowledged.values == Array(0..<5_000))
            #expect(publishes(server).map { $0.payload.getInteger(at: 0) } == Array(0..<5_000))
            await client.disconnect()
        }
    }

    @Test("a message of many reads arrives whole")
    func largeMessages() async throws {
        try await ScriptedServer.run { server in
            let received = Collected<MQTTClient.ReceivedMessage>()
            let client = try await MQTTClient.connect(options(server), on: loop, onMessage: { received.add($0) })
            let payload = ByteBuffer(repeating: 0x5A, count: 3_000_000)
            server.connections.first?.send(.publish(Publish(topic: "big", payload: payload)))
            await eventually("received") { received.values.count == 1 }
            #expect(received.values.first?.payload == payload)
            try await client.publish(topic: "big", payload: payload, qos: .exactlyOnce)
            #expect(publishes(server).first?.payload == payload)
            await client.disconnect()
        }
    }

    @Test("requests from a callback on the event loop are done")
    func requestsFromCallbacks() async throws {
        try await ScriptedServer.run { server in
            let holder = Locked<MQTTClient?>(nil)
            let client = try await MQTTClient.connect(
                options(server), on: loop,
                onMessage: { message in
                    holder.withValue { $0 }?.send(topic: "reply", payload: message.payload)
                })
            holder.withValue { $0 = client }
            server.connections.first?.send(.publish(Publish(topic: "ask", payload: ByteBuffer(string: "?"))))
            await eventually("reply") { publishes(server).map(\.topic) == ["reply"] }
            await client.disconnect()
            holder.withValue { $0 = nil }
        }
    }

    @Test("hundreds of clients share one event loop")
    func manyClients() async throws {
        try await ScriptedServer.run { server in
            let clients = try await withThrowingTaskGroup(of: MQTTClient.self) { group in
                for number in 0..<300 {
                    var options = options(server)
                    options.clientID = "c\(number)"
                    group.addTask { [options] in try await MQTTClient.connect(options, on: loop) }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(clients.count == 300)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for client in clients {
                    group.addTask { try await client.publish(topic: "t", payload: [1], qos: .exactlyOnce) }
                }
                try await group.waitForAll()
            }
            #expect(publishes(server).count == 300)
            for client in clients { await client.disconnect() }
            await eventually("all closed") { server.closedConnections == 300 }
        }
    }
}
