import MQTTBroker
import MQTTCodec
import NIOCore
import Testing

@Suite("CONNECT and the end of connections")
struct ConnectTests {
    @Test("The first packet must be CONNECT; anything else closes without an answer [MQTT-3.1.0-1]")
    func firstPacket() {
        let broker = TestBroker()
        let client = broker.open()
        client.send(.pingreq)
        #expect(client.isClosed)
        #expect(client.take().isEmpty)
        #expect(broker.policy.takeEvents().count == 1)
    }

    @Test("A second CONNECT is a protocol error [MQTT-3.1.0-2]")
    func secondConnect() {
        let broker = TestBroker()
        let client = broker.connect("a")
        client.send(.connect(Connect(version: .v5, clientID: "a")))
        #expect(client.take().first?.asDisconnect?.reasonCode == .protocolError)
        #expect(client.isClosed)
    }

    @Test("A client without an identifier gets one in MQTT 5 [MQTT-3.2.2-16]")
    func assignedIdentifier() {
        let broker = TestBroker()
        let one = broker.connect("").connack?.properties.assignedClientIdentifier
        let two = broker.connect("").connack?.properties.assignedClientIdentifier
        #expect(one != nil && two != nil && one != two)
    }

    @Test("MQTT 3.1.1 may leave the identifier out only with a clean session", arguments: [true, false])
    func emptyIdentifier(clean: Bool) {
        let broker = TestBroker()
        let client = broker.connect("", .v3_1_1, clean: clean)
        #expect(client.connack?.reasonCode == (clean ? .success : .clientIdentifierNotValid))
        #expect(client.isClosed == !clean)
    }

    @Test("An unknown protocol level is refused in words of the nearest version", arguments: [(6, 5), (2, 4)])
    func unknownLevel(level: UInt8, answer: UInt8) {
        let broker = TestBroker()
        let client = broker.open(version: answer == 5 ? .v5 : .v3_1_1)
        let tail: [UInt8] = level > 5 ? [2, 0, 0, 0, 0, 1, 97] : [2, 0, 0, 0, 1, 97]
        let body: [UInt8] = [0, 4, 77, 81, 84, 84, level] + tail
        client.send(bytes: [0x10, UInt8(body.count)] + body)
        #expect(client.take().first?.asConnack?.reasonCode == .unsupportedProtocolVersion)
        #expect(client.isClosed)
    }

    @Test("The policy's refusal reaches the client", arguments: [ProtocolVersion.v3_1, .v3_1_1, .v5])
    func refusal(version: ProtocolVersion) {
        let broker = TestBroker()
        broker.policy.set { $0.authentication = { _ in .refused(.badUserNameOrPassword) } }
        let client = broker.connect("a", version)
        #expect(client.connack?.reasonCode == .badUserNameOrPassword)
        #expect(client.isClosed)
        let events = broker.policy.takeEvents()
        #expect(events.filter { $0.hasPrefix("refused login of") }.count == 1)
        #expect(events.filter { $0.hasPrefix("refused a:") }.count == 1 && events.count == 2)
        #expect(broker.statistics.sessions == 0)
    }

    @Test("The policy sees the whole CONNECT")
    func request() {
        let broker = TestBroker()
        broker.policy.set {
            $0.authentication = { request in
                let isAsSent =
                    request.userName == "user" && request.password == [1, 2] && request.will?.topic == "w"
                    && request.will?.payload == [104, 105] && request.will?.retain == true && request.keepAlive == 9
                    && request.version == .v3_1_1 && request.remoteAddress.hasPrefix("192.0.2.1")
                return isAsSent ? .accepted(Principal(name: "user")) : .refused(.notAuthorized)
            }
        }
        let client = broker.open(version: .v3_1_1)
        let will = Will(topic: "w", payload: ByteBuffer(string: "hi"), qos: .atLeastOnce, retain: true)
        client.send(
            .connect(
                Connect(
                    version: .v3_1_1, clientID: "a", keepAlive: 9, will: will, userName: "user",
                    password: ByteBuffer(bytes: [1, 2]))))
        #expect(client.take().first?.asConnack?.reasonCode == .success)
    }

    @Test("A new connection takes the session over; the old one is told 0x8E [MQTT-3.1.4-3]")
    func takeOver() {
        let broker = TestBroker()
        let old = broker.connect("a", clean: false, [.sessionExpiryInterval(100)])
        old.subscribe("t")
        let new = broker.connect("a", clean: false, [.sessionExpiryInterval(100)])
        #expect(old.take().first?.asDisconnect?.reasonCode == .sessionTakenOver)
        #expect(old.isClosed)
        #expect(new.connack?.sessionPresent == true)
        broker.connect("b").publish("t", "1")
        #expect(new.takeTexts() == ["1"])
        #expect(broker.policy.takeEvents().contains("disconnected a taken over"))
    }

    @Test("Client identifiers are compared byte by byte")
    func exactIdentifiers() {
        let broker = TestBroker()
        let one = broker.connect("caf\u{E9}")
        let two = broker.connect("cafe\u{301}")
        #expect(!one.isClosed && !two.isClosed)
        #expect(broker.statistics.sessions == 2)
    }

    @Test("A connection that sends no CONNECT is closed after the time allowed")
    func connectTimeout() {
        let broker = TestBroker()
        let silent = broker.open()
        broker.advance(seconds: 9)
        #expect(!silent.isClosed)
        broker.advance(seconds: 2)
        #expect(silent.isClosed)
    }

    @Test("What came before MQTT, such as a TLS handshake, counts into the time to log in")
    func connectTimeoutFromAcceptance() {
        let broker = TestBroker()
        broker.advance(seconds: 20)
        let slow = broker.open(secondsAfterAcceptance: 8)
        let late = broker.open(secondsAfterAcceptance: 12)
        broker.advance(seconds: 1)
        #expect(!slow.isClosed)
        #expect(late.isClosed)
        broker.advance(seconds: 2)
        #expect(slow.isClosed)
    }

    @Test("One and a half keep-alive intervals without a packet end the connection [MQTT-3.1.2-22]")
    func keepAlive() {
        let broker = TestBroker()
        let client = broker.connect("a", keepAlive: 10)
        broker.advance(seconds: 14)
        client.send(.pingreq)
        #expect(client.take() == [.pingresp])
        broker.advance(seconds: 14)
        #expect(!client.isClosed)
        broker.advance(seconds: 2)
        #expect(client.isClosed)
        #expect(client.take().first?.asDisconnect?.reasonCode == .keepAliveTimeout)
    }

    @Test("What the broker sends does not keep a silent client alive")
    func keepAliveCountsReceivedOnly() {
        let broker = TestBroker()
        let silent = broker.connect("a", keepAlive: 10)
        silent.subscribe("t")
        for _ in 0..<4 {
            broker.advance(seconds: 4)
            broker.publish(LocalMessage(topic: "t", text: "x"))
        }
        #expect(silent.isClosed)
    }

    @Test("Without a keep-alive a silent client stays")
    func noKeepAlive() {
        let broker = TestBroker()
        let client = broker.connect("a", keepAlive: 0)
        broker.advance(seconds: 100_000)
        #expect(!client.isClosed)
    }

    @Test("A longer keep-alive than allowed is lowered, and the client told [MQTT-3.2.2-21]")
    func serverKeepAlive() {
        var limits = BrokerLimits()
        limits.maximumKeepAlive = 20
        let broker = TestBroker(limits: limits)
        let client = broker.connect("a", keepAlive: 60)
        #expect(client.connack?.properties.serverKeepAlive == 20)
        broker.advance(seconds: 31)
        #expect(client.isClosed)
        #expect(broker.connect("b", keepAlive: 10).connack?.properties.serverKeepAlive == nil)
    }

    @Test("An authentication method that the broker does not know is refused with 0x8C")
    func authenticationMethod() {
        let broker = TestBroker()
        let client = broker.connect("a", [.authenticationMethod("X")])
        #expect(client.connack?.reasonCode == .badAuthenticationMethod)
        #expect(client.isClosed)
    }

    @Test("No more connections than the limit")
    func maximumConnections() {
        var limits = BrokerLimits()
        limits.maximumConnections = 2
        let broker = TestBroker(limits: limits)
        let first = broker.connect("a")
        _ = broker.connect("b")
        _ = broker.policy.takeEvents()
        for _ in 1...3 { #expect(broker.open().isClosed) }
        broker.advance(seconds: 1)
        #expect(broker.open().isClosed)
        // The policy hears of one in a second, and each is counted.
        #expect(broker.policy.takeEvents().filter { $0.contains("too many connections") }.count == 2)
        #expect(broker.statistics.limitsReached[.connections] == 4)
        first.disconnect()
        #expect(!broker.open().isClosed)
    }

    @Test("No more sessions than the limit")
    func maximumSessions() {
        var limits = BrokerLimits()
        limits.maximumSessions = 1
        let broker = TestBroker(limits: limits)
        broker.connect("a", clean: false, [.sessionExpiryInterval(10)]).cut()
        #expect(broker.connect("b").connack?.reasonCode == .quotaExceeded)
        #expect(broker.connect("a", clean: false).connack?.sessionPresent == true)
    }

    @Test("An unusually large CONNECT is refused before it has all come")
    func largeConnect() {
        let broker = TestBroker()
        let client = broker.open()
        client.send(bytes: [0x10, 0x80, 0x80, 0x10])
        #expect(client.isClosed)
    }

    @Test("Clients are told of a shutdown [MQTT-4.13.1]")
    func shutdown() {
        let broker = TestBroker()
        let five = broker.connect("a")
        let three = broker.connect("b", .v3_1_1)
        for core in broker.cores { core.shutdown(now: broker.now) }
        broker.pump()
        #expect(five.take().first?.asDisconnect?.reasonCode == .serverShuttingDown)
        #expect(three.take().isEmpty && three.isClosed)
        #expect(broker.open().isClosed)
    }

    @Test("The host can end a connection")
    func administrative() {
        let broker = TestBroker()
        let client = broker.connect("a")
        #expect(broker.cores[0].disconnect(clientID: "a", now: broker.now))
        broker.pump()
        #expect(client.take().first?.asDisconnect?.reasonCode == .administrativeAction)
        #expect(!broker.cores[0].disconnect(clientID: "a", now: broker.now))
    }
}
