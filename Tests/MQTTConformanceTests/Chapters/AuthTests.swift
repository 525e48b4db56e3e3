import MQTTBroker
import MQTTCodec
import NIOCore
import Testing

@Suite("3.15 and 4.12 Enhanced authentication")
struct AuthTests {
    private func connect(_ broker: Broker, method: String, _ properties: [Property] = []) async throws -> Client {
        let client = try await broker.open()
        let all: [Property] = [
            .authenticationMethod(method), .authenticationData(ByteBuffer(string: "n,,n=user,r=fyko+d2lbbFgONRv")),
        ]
        try await client.send(
            .connect(Connect(version: .v5, clientID: "auth", properties: Properties(list: all + properties))))
        return client
    }

    @Test(
        "A method that the broker has not is refused", .proves("MQTT-4.12.0-1", "MQTT-4.12.0-4", "MQTT-3.2.2-7"))
    func unknownMethod() async throws {
        try await Broker.run { broker in
            let client = try await connect(broker, method: "no such method")
            try await client.expectRefusal(.badAuthenticationMethod, .notAuthorized)
        }
    }

    @Test("A client without a method sees nothing of it", .proves("MQTT-4.12.0-6"))
    func noMethod() async throws {
        try await Broker.run { broker in
            // That no AUTH comes is WireRules' and `connect`'s doing.
            let client = try await broker.connect(nil, userName: "friend", password: "secret")
            #expect(client.connack.properties.authenticationMethod == nil)
            #expect(client.connack.properties.authenticationData == nil)
            try await client.expectNothing()
        }
    }

    @Test(
        "AUTH of a client that gave no method is a protocol error", .proves("MQTT-4.12.0-7", "MQTT-4.13.1-1"),
        arguments: [ReasonCode.continueAuthentication, .reAuthenticate])
    func unexpectedAuth(reason: ReasonCode) async throws {
        try await Broker.run { broker in
            let client = try await broker.connect()
            try await client.send(.auth(Auth(reasonCode: reason, properties: [.authenticationMethod("SCRAM-SHA-256")])))
            try await client.expectClose(.protocolError)
        }
    }

    @Test("Authentication data without a method is a protocol error", .proves("MQTT-4.13.1-1"))
    func dataWithoutMethod() async throws {
        try await Broker.run { broker in
            let client = try await broker.open()
            try await client.send(Raw.connect(properties: [0x16, 0, 1, 0x78], Raw.text("a")))
            try await client.expectRefusal(.protocolError, .malformedPacket)
        }
    }

    /// A client in the middle of a login: its CONNECT is sent.
    private func begin(
        _ broker: Broker, _ scram: ScramClient = ScramClient(), _ properties: [Property] = []
    ) async throws -> Client {
        let client = try await broker.open()
        try await client.send(
            .connect(
                Connect(version: .v5, clientID: "auth", properties: Properties(list: scram.first + properties))))
        return client
    }

    /// A client that has logged in.
    private func logIn(_ broker: Broker, _ properties: [Property] = []) async throws -> Client {
        let scram = ScramClient()
        let client = try await begin(broker, scram, properties)
        try await client.send(try await scram.answer(client))
        let packet = try await client.next()
        guard case .connack(let connack)? = packet, connack.reasonCode == .success else {
            throw Unexpected("\(String(describing: packet)) came instead of CONNACK", #_sourceLocation)
        }
        client.connack = connack
        return client
    }

    @Test(
        "A method that the broker has is carried on by AUTH 0x18 with the same method, within the client's packet size",
        .proves("MQTT-4.12.0-2", "MQTT-4.12.0-5", "MQTT-3.15.2-1", "MQTT-3.15.2-2", "MQTT-3.15.2-3"))
    func challenge() async throws {
        try await Broker.run(policy: ScramPolicy()) { broker in
            let client = try await logIn(broker, [.maximumPacketSize(300)])
            #expect(client.connack.properties.authenticationMethod == ScramClient.method)
            let data = client.connack.properties.authenticationData.map { String(buffer: $0) }
            #expect(data?.hasPrefix("v=") == true)
            // It is a client like any other now.
            try await client.subscribe("a")
            let other = try await broker.connect()
            try await other.send(.publish(Publish(topic: "a", payload: ByteBuffer(string: "x"))))
            #expect(try await client.receive().text == "x")
        }
    }

    @Test("A wrong password and an unknown user are refused after the proof, alike", .proves("MQTT-4.12.0-4"))
    func wrongProof() async throws {
        try await Broker.run(policy: ScramPolicy()) { broker in
            for scram in [ScramClient(password: "pencils"), ScramClient(user: "nobody")] {
                let client = try await begin(broker, scram)
                try await client.send(try await scram.answer(client))
                try await client.expectRefusal(.notAuthorized)
            }
        }
    }

    @Test(
        "Until the authentication has ended a client sends AUTH 0x18 with its method and nothing else",
        .proves("MQTT-4.12.0-3", "MQTT-4.12.0-5", "MQTT-4.13.1-1"))
    func outOfTurn() async throws {
        try await Broker.run(policy: ScramPolicy()) { broker in
            let wrong: [Packet] = [
                .pingreq, .publish(Publish(topic: "a", payload: ByteBuffer())),
                .subscribe(Subscribe(packetID: 1, subscriptions: [Subscription(filter: "a", qos: .atMostOnce)])),
                .auth(Auth(reasonCode: .reAuthenticate, properties: Properties(list: ScramClient().first))),
                .auth(Auth(reasonCode: .continueAuthentication, properties: [.authenticationMethod("other")])),
            ]
            for packet in wrong {
                let client = try await begin(broker)
                guard case .auth? = try await client.next() else {
                    Issue.record("no challenge")
                    return
                }
                try await client.send(packet)
                try await client.expectRefusal(.protocolError)
            }
        }
    }

    @Test("A client that does not go on with its authentication is closed in time", .proves("MQTT-4.12.0-4"))
    func silent() async throws {
        var limits = BrokerLimits()
        limits.connectTimeout = 1
        try await Broker.run(limits: limits, policy: ScramPolicy()) { broker in
            let client = try await begin(broker)
            guard case .auth? = try await client.next() else {
                Issue.record("no challenge")
                return
            }
            try await client.expectRefusal(.notAuthorized)
        }
    }

    @Test("A client may prove again who it is, and its connection goes on meanwhile", .proves("MQTT-4.12.1-1"))
    func reauthenticated() async throws {
        try await Broker.run(policy: ScramPolicy()) { broker in
            let scram = ScramClient()
            let client = try await logIn(broker)
            try await client.send(.auth(Auth(reasonCode: .reAuthenticate, properties: Properties(list: scram.first))))
            let answer = try await scram.answer(client)
            try await client.send(.pingreq)
            #expect(try await client.next() == .pingresp)
            try await client.send(answer)
            guard case .auth(let auth)? = try await client.next() else {
                Issue.record("no AUTH at the end")
                return
            }
            #expect(auth.reasonCode == .success)
            #expect(auth.properties.authenticationMethod == ScramClient.method)
            #expect(auth.properties.authenticationData.map { String(buffer: $0).hasPrefix("v=") } == true)
            try await client.send(.pingreq)
            #expect(try await client.next() == .pingresp)
        }
    }

    @Test("A re-authentication that fails, or ends with another user, closes the connection", .proves("MQTT-4.12.1-2"))
    func reauthentication() async throws {
        try await Broker.run(policy: ScramPolicy()) { broker in
            for scram in [ScramClient(password: "pencils"), ScramClient(user: "other")] {
                let client = try await logIn(broker)
                try await client.send(
                    .auth(Auth(reasonCode: .reAuthenticate, properties: Properties(list: scram.first))))
                try await client.send(try await scram.answer(client))
                try await client.expectClose(.notAuthorized)
            }
        }
    }
}
