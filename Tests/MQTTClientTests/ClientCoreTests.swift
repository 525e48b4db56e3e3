import MQTTCodec
import NIOCore
import Testing

@testable import MQTTClient

@Suite("The client as a state machine in virtual time")
struct ClientCoreTests {
    private static let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)

    /// A core with the packets that it sends decoded, and a log of answers.
    private struct Driver {
        var core: ClientCore
        var now = ClientCoreTests.start
        let log = Collected<String>()

        init(_ version: ProtocolVersion = .v5, _ change: (inout MQTTClient.Options) -> Void = { _ in }) {
            var options = MQTTClient.Options(host: "h", port: 1, clientID: "c")
            options.version = version
            change(&options)
            core = ClientCore(options: options, now: ClientCoreTests.start)
            core.start(now)
        }

        /// Takes what the core wants to send, and calls what it wants to call.
        mutating func sent() throws -> [Packet] {
            var decoder = PacketDecoder(version: core.options.version)
            decoder.append(&core.outbox)
            core.outbox.clear()
            let answers = core.answers
            core.answers = []
            for (completion, result) in answers { completion(result) }
            for completion in core.written { completion(.success([])) }
            core.written = []
            var packets: [Packet] = []
            while let packet = try decoder.next() { packets.append(packet) }
            return packets
        }

        mutating func accept(_ properties: Properties = Properties(), sessionPresent: Bool = false) throws {
            _ = try sent()
            receive(
                .connack(Connack(sessionPresent: sessionPresent, reasonCode: .success, properties: properties)))
        }

        mutating func receive(_ packet: Packet) {
            core.receive(packet, now)
        }

        mutating func advance(seconds: Int64) {
            now = now + .seconds(seconds)
            core.tick(now)
        }

        mutating func publish(_ topic: String, _ qos: QoS, payload: String = "", properties: Properties = []) {
            let publish = Publish(
                topic: topic, payload: ByteBuffer(string: payload), qos: qos, properties: properties)
            core.publish(publish, completion(topic), now)
        }

        func completion(_ name: String) -> ClientCore.Completion {
            { [log] result in
                switch result {
                case .success(let codes): log.add("\(name): \(codes.map { "\($0)" }.joined(separator: " "))")
                case .failure(let error): log.add("\(name): \(error)")
                }
            }
        }
    }

    @Test func sendsConnectFirst() throws {
        var driver = Driver(.v5) {
            $0.userName = "u"
            $0.password = "p"
            $0.will = Will(topic: "w", payload: ByteBuffer(string: "gone"), qos: .atLeastOnce, retain: true)
            $0.properties.receiveMaximum = 9
        }
        let sent = try driver.sent()
        guard case .connect(let connect) = sent.first, sent.count == 1 else {
            Issue.record("\(sent)")
            return
        }
        #expect(connect.userName == "u")
        #expect(connect.password == ByteBuffer(string: "p"))
        #expect(connect.will?.topic == "w")
        #expect(connect.properties.receiveMaximum == 9)
        #expect(connect.keepAlive == 30)
    }

    @Test func givesUpWithoutConnack() throws {
        var driver = Driver { $0.connectTimeout = .seconds(5) }
        #expect(driver.core.nextDeadline == Self.start + .seconds(5))
        driver.advance(seconds: 4)
        #expect(!driver.core.isClosed)
        driver.advance(seconds: 1)
        #expect(driver.core.phase == .closed(.timeout(.connack)))
    }

    @Test func pingsOnlyWhenNothingElseIsSent() throws {
        var driver = Driver { $0.keepAliveSeconds = 10 }
        try driver.accept()
        driver.advance(seconds: 9)
        #expect(try driver.sent() == [])
        driver.publish("a", .atMostOnce)
        _ = try driver.sent()
        driver.advance(seconds: 9)
        #expect(try driver.sent() == [])
        driver.advance(seconds: 1)
        #expect(try driver.sent() == [.pingreq])
        driver.receive(.pingresp)
        driver.advance(seconds: 10)
        #expect(try driver.sent() == [.pingreq])
        driver.advance(seconds: 9)
        #expect(!driver.core.isClosed)
        driver.advance(seconds: 1)
        #expect(driver.core.phase == .closed(.timeout(.pingresp)))
        #expect(driver.core.nextDeadline == nil)
    }

    @Test func serverKeepAliveTakesTheirPlace() throws {
        var driver = Driver { $0.keepAliveSeconds = 100 }
        try driver.accept([.serverKeepAlive(2)])
        driver.advance(seconds: 2)
        #expect(try driver.sent() == [.pingreq])
        var silent = Driver { $0.keepAliveSeconds = 0 }
        try silent.accept()
        #expect(silent.core.nextDeadline == nil)
    }

    @Test func waitsForTheReceiveMaximum() throws {
        var driver = Driver()
        try driver.accept([.receiveMaximum(2)])
        for name in ["a", "b", "c", "d"] { driver.publish(name, name == "b" ? .exactlyOnce : .atLeastOnce) }
        driver.publish("e", .atMostOnce)
        #expect(try topics(driver.sent()) == ["a", "b", "e"])
        driver.receive(.puback(Acknowledgement(packetID: 1)))
        #expect(try topics(driver.sent()) == ["c"])
        driver.receive(.pubrec(Acknowledgement(packetID: 2)))
        #expect(try driver.sent() == [.pubrel(Acknowledgement(packetID: 2))])
        driver.receive(.pubcomp(Acknowledgement(packetID: 2)))
        #expect(try topics(driver.sent()) == ["d"])
        #expect(driver.log.values == ["e: ", "a: success", "b: success"])
    }

    private func topics(_ packets: [Packet]) -> [String] {
        packets.compactMap { packet in
            if case .publish(let publish) = packet { publish.topic } else { nil }
        }
    }

    @Test func aServerThatSendsMoreThanItMayIsLeft() throws {
        var driver = Driver {
            $0.acknowledgesByHand = true
            $0.properties.receiveMaximum = 2
        }
        try driver.accept()
        func message(_ packetID: UInt16) -> Packet {
            .publish(Publish(topic: "a", payload: ByteBuffer(), qos: .atLeastOnce, packetID: packetID))
        }
        for packetID in 1...2 as ClosedRange<UInt16> { driver.receive(message(packetID)) }
        driver.core.acknowledge(1, driver.now)
        driver.receive(message(3))
        #expect(!driver.core.isClosed)
        driver.receive(message(4))
        #expect(driver.core.isClosed)
        guard case .disconnect(let packet) = try driver.sent().last else {
            Issue.record("no DISCONNECT")
            return
        }
        #expect(packet.reasonCode == .receiveMaximumExceeded)
    }

    @Test func refusesMoreThanTheQueueHolds() throws {
        var driver = Driver { $0.maximumQueuedPublishes = 1 }
        try driver.accept([.receiveMaximum(1)])
        for name in ["a", "b", "c"] { driver.publish(name, .atLeastOnce) }
        _ = try driver.sent()
        #expect(driver.log.values == ["c: \(MQTTClientError.queueFull)"])
    }

    @Test func neverReusesAPacketIdentifierInFlight() throws {
        var driver = Driver()
        try driver.accept()
        var inFlight = Set<UInt16>()
        for _ in 0..<70_000 {
            driver.publish("t", .atLeastOnce)
            for case .publish(let publish) in try driver.sent() {
                let id = try #require(publish.packetID)
                if !inFlight.insert(id).inserted || id == 0 { Issue.record("\(id)") }
            }
            if inFlight.count > 60_000, let id = inFlight.randomElement() {
                inFlight.remove(id)
                driver.receive(.puback(Acknowledgement(packetID: id)))
            }
        }
    }

    @Test func tellsWhatTheServerDoesNotAccept() throws {
        var driver = Driver()
        try driver.accept([.maximumQoS(.atLeastOnce), .retainAvailable(false), .maximumPacketSize(20)])
        driver.publish("two", .exactlyOnce)
        driver.core.publish(
            Publish(topic: "kept", payload: ByteBuffer(), retain: true), driver.completion("kept"), driver.now)
        driver.publish("size", .atMostOnce, payload: "0123456789012345")
        driver.publish("alias", .atMostOnce, properties: [.topicAlias(1)])
        driver.publish("bad/#", .atLeastOnce)
        driver.publish("ok", .atLeastOnce)
        #expect(try topics(driver.sent()) == ["ok"])
        #expect(
            driver.log.values == [
                "two: \(MQTTClientError.notAcceptedByServer("QoS 2"))",
                "kept: \(MQTTClientError.notAcceptedByServer("retained messages"))",
                "size: \(MQTTClientError.notAcceptedByServer("a packet of 25 bytes"))",
                "alias: \(MQTTClientError.notAcceptedByServer("the topic alias 1"))",
                "bad/#: \(MQTTClientError.invalid(.invalidTopicName))",
            ])
    }

    @Test func tellsRefusedPublishes() throws {
        var driver = Driver()
        try driver.accept()
        driver.publish("a", .atLeastOnce)
        driver.publish("b", .exactlyOnce)
        _ = try driver.sent()
        driver.receive(
            .puback(
                Acknowledgement(packetID: 1, reasonCode: .notAuthorized, properties: [.reasonString("no")])))
        driver.receive(.pubrec(Acknowledgement(packetID: 2, reasonCode: .quotaExceeded)))
        #expect(try driver.sent() == [])
        #expect(
            driver.log.values == [
                "a: \(MQTTClientError.publishRefused(.notAuthorized, reason: "no"))",
                "b: \(MQTTClientError.publishRefused(.quotaExceeded, reason: nil))",
            ])
        #expect(driver.core.session.unacknowledgedCount == 0)
    }

    @Test func answersOverdueRequests() throws {
        var driver = Driver { $0.responseTimeout = .seconds(3) }
        try driver.accept()
        driver.publish("a", .atLeastOnce)
        driver.advance(seconds: 1)
        driver.core.unsubscribe(["x"], driver.completion("x"), driver.now)
        driver.advance(seconds: 2)
        _ = try driver.sent()
        let timeout = MQTTClientError.timeout(.acknowledgement)
        #expect(driver.log.values == ["a: \(timeout)"])
        driver.advance(seconds: 1)
        _ = try driver.sent()
        #expect(driver.log.values == ["a: \(timeout)", "x: \(timeout)"])
        // The late answer frees the identifier and is told to nobody.
        driver.receive(.puback(Acknowledgement(packetID: 1)))
        _ = try driver.sent()
        #expect(driver.log.values.count == 2)
        #expect(!driver.core.isClosed)
    }

    @Test func handsOverQoS2Once() throws {
        var driver = Driver()
        try driver.accept()
        let message = Publish(topic: "t", payload: ByteBuffer(string: "x"), qos: .exactlyOnce, packetID: 7)
        var again = message
        again.dup = true
        driver.receive(.publish(message))
        driver.receive(.publish(again))
        #expect(driver.core.deliveries.count == 1)
        driver.receive(.pubrel(Acknowledgement(packetID: 7)))
        driver.receive(.pubrel(Acknowledgement(packetID: 7)))
        driver.receive(.publish(message))
        #expect(driver.core.deliveries.count == 2)
        #expect(
            try driver.sent() == [
                .pubrec(Acknowledgement(packetID: 7)), .pubrec(Acknowledgement(packetID: 7)),
                .pubcomp(Acknowledgement(packetID: 7)),
                .pubcomp(Acknowledgement(packetID: 7, reasonCode: .packetIdentifierNotFound)),
                .pubrec(Acknowledgement(packetID: 7)),
            ])
    }

    @Test func resumesASession() throws {
        var first = Driver(.v3_1_1) { $0.cleanStart = false }
        try first.accept()
        for (name, qos) in [("a", QoS.atLeastOnce), ("b", .exactlyOnce), ("c", .exactlyOnce), ("d", .atLeastOnce)] {
            first.publish(name, qos)
        }
        first.receive(.publish(Publish(topic: "in", payload: ByteBuffer(), qos: .exactlyOnce, packetID: 9)))
        first.receive(.puback(Acknowledgement(packetID: 1)))
        first.receive(.pubrec(Acknowledgement(packetID: 2)))
        first.core.close(.connectionLost("test"))
        let session = first.core.session
        #expect(session.unacknowledgedCount == 3)

        var second = Driver(.v3_1_1) {
            $0.cleanStart = false
            $0.session = session
        }
        try second.accept(sessionPresent: true)
        second.receive(
            .publish(Publish(topic: "in", payload: ByteBuffer(), qos: .exactlyOnce, dup: true, packetID: 9)))
        #expect(second.core.deliveries.isEmpty)
        second.publish("e", .atLeastOnce)
        let sent = try second.sent()
        #expect(sent.first == .pubrel(Acknowledgement(packetID: 2)))
        let messages = sent.compactMap { packet in
            if case .publish(let publish) = packet { publish } else { nil }
        }
        #expect(messages.map(\.topic) == ["c", "d", "e"])
        #expect(messages.map(\.dup) == [true, true, false])
        #expect(messages.map(\.packetID) == [3, 4, 1])

        var forgotten = Driver(.v3_1_1) {
            $0.cleanStart = false
            $0.session = session
        }
        try forgotten.accept(sessionPresent: false)
        #expect(try forgotten.sent() == [])
        #expect(forgotten.core.session.unacknowledgedCount == 0)
        #expect(forgotten.core.received.isEmpty)
    }

    @Test func resumesWithinTheReceiveMaximum() throws {
        var first = Driver { $0.cleanStart = false }
        try first.accept()
        for name in ["a", "b", "c"] { first.publish(name, .atLeastOnce) }
        let session = first.core.session
        var second = Driver {
            $0.cleanStart = false
            $0.session = session
        }
        try second.accept([.receiveMaximum(2)], sessionPresent: true)
        second.publish("d", .atLeastOnce)
        #expect(try topics(second.sent()) == ["a", "b"])
        second.receive(.puback(Acknowledgement(packetID: 1)))
        #expect(try topics(second.sent()) == ["c"])
        second.receive(.puback(Acknowledgement(packetID: 2)))
        #expect(try topics(second.sent()) == ["d"])
    }

    @Test func resolvesTopicAliases() throws {
        var driver = Driver { $0.properties.topicAliasMaximum = 2 }
        try driver.accept()
        driver.receive(.publish(Publish(topic: "t", payload: ByteBuffer(), properties: [.topicAlias(2)])))
        driver.receive(.publish(Publish(topic: "", payload: ByteBuffer(), properties: [.topicAlias(2)])))
        #expect(driver.core.deliveries.map(\.topic) == ["t", "t"])
        driver.receive(.publish(Publish(topic: "u", payload: ByteBuffer(), properties: [.topicAlias(3)])))
        #expect(try driver.sent() == [.disconnect(Disconnect(reasonCode: .topicAliasInvalid))])
        #expect(driver.core.isClosed)
    }

    @Test(arguments: [
        Packet.connack(Connack(sessionPresent: false, reasonCode: .success)), .pingreq,
        .subscribe(Subscribe(packetID: 1, subscriptions: [Subscription(filter: "a", qos: .atMostOnce)])),
        .disconnect(Disconnect(reasonCode: .serverBusy, properties: [.sessionExpiryInterval(1)])),
        .puback(Acknowledgement(packetID: 2)), .pubrec(Acknowledgement(packetID: 1)),
        .suback(Suback(packetID: 3, reasonCodes: [.grantedQoS1, .grantedQoS1])),
    ])
    func refusesWhatAServerMustNotSend(_ packet: Packet) throws {
        var driver = Driver()
        try driver.accept()
        driver.publish("one", .atLeastOnce)
        driver.publish("two", .exactlyOnce)
        driver.core.subscribe(
            [Subscription(filter: "a", qos: .atMostOnce)], Properties(), driver.completion("sub"), driver.now)
        _ = try driver.sent()
        driver.receive(packet)
        #expect(try driver.sent() == [.disconnect(Disconnect(reasonCode: .protocolError))])
        guard case .closed(.protocolError) = driver.core.phase else {
            Issue.record("\(driver.core.phase)")
            return
        }
        #expect(driver.log.values.count == 3)
    }

    @Test func refusesMoreThanItsReceiveMaximum() throws {
        var driver = Driver { $0.properties.receiveMaximum = 1 }
        try driver.accept()
        driver.receive(.publish(Publish(topic: "a", payload: ByteBuffer(), qos: .exactlyOnce, packetID: 1)))
        driver.receive(.publish(Publish(topic: "b", payload: ByteBuffer(), qos: .exactlyOnce, packetID: 2)))
        #expect(driver.core.deliveries.count == 1)
        #expect(try driver.sent().last == .disconnect(Disconnect(reasonCode: .receiveMaximumExceeded)))
    }

    @Test func refusesASessionAfterACleanStart() throws {
        var driver = Driver()
        try driver.accept(sessionPresent: true)
        #expect(driver.core.isClosed)
    }

    @Test func wantsConnackFirst() throws {
        var driver = Driver()
        _ = try driver.sent()
        driver.receive(.pingresp)
        #expect(driver.core.isClosed)
        #expect(try driver.sent() == [])
    }
}
