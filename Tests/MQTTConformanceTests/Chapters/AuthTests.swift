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

    @Test(
        "A method that the broker has is carried on by AUTH 0x18 with the same method, within the client's packet size",
        .proves("MQTT-4.12.0-2", "MQTT-4.12.0-5", "MQTT-3.15.2-1", "MQTT-3.15.2-2", "MQTT-3.15.2-3"))
    func challenge() async throws {
        try await Broker.run { broker in
            let client = try await connect(broker, method: "SCRAM-SHA-256", [.maximumPacketSize(300)])
            let packet = try await client.next()
            withKnownIssue("there is no enhanced authentication yet: CONNACK 0x8C answers every method") {
                guard case .auth(let auth)? = packet else {
                    throw Unexpected("\(String(describing: packet)) came instead of AUTH", #_sourceLocation)
                }
                #expect(auth.reasonCode == .continueAuthentication)
                #expect(auth.properties.authenticationMethod == "SCRAM-SHA-256")
            }
        }
    }

    @Test("A re-authentication that fails closes the connection", .proves("MQTT-4.12.1-2"))
    func reauthentication() async throws {
        try await Broker.run { broker in
            let client = try await connect(broker, method: "SCRAM-SHA-256")
            let packet = try await client.next()
            withKnownIssue("there is no enhanced authentication yet, so there is none to repeat") {
                guard case .auth? = packet else {
                    throw Unexpected("\(String(describing: packet)) came instead of AUTH", #_sourceLocation)
                }
            }
        }
    }
}
