import GarageDomain
import Logging
import MQTTCodec
import NIOCore
import ServiceLifecycle
import Simulator
import Testing

@Suite struct FleetTests {
    private static let names: Set<String> = [
        "esp-gate-front", "esp-gate-back", "esp-row-A", "esp-row-B", "esp-dht-entrance", "esp-dht-ramp", "esp-dht-roof",
    ]

    /// Runs a fleet in a service group while `body` looks at it, then shuts the group down.
    private func withFleet(
        at broker: ScriptedBroker, _ change: (inout SimulationOptions) -> Void = { _ in },
        _ body: (Fleet) async throws -> Void
    ) async throws {
        var options = SimulationOptions(port: broker.port)
        change(&options)
        var logger = Logger(label: "fleet")
        logger.logLevel = .critical
        let fleet = Fleet(options: options, logger: logger)
        let group = ServiceGroup(services: [fleet], logger: logger)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            do {
                try await body(fleet)
            } catch {
                await group.triggerGracefulShutdown()
                throw error
            }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }

    @Test func everyDeviceConnectsWithALastWillAndAnnouncesItself() async throws {
        let broker = try await ScriptedBroker()
        try await withFleet(at: broker) { fleet in
            try await eventually("all are connected") { fleet.statistics.connected == 7 }
            try await eventually("all are online") {
                FleetTests.names.allSatisfy { broker.payloads("garage/home/device/\($0)/status") == ["online"] }
            }
            try await eventually("states and readings arrive") {
                broker.payloads("garage/home/gate/back/state").first == "closed"
                    && !broker.payloads("garage/home/spot/B6/state").isEmpty
                    && !broker.payloads("garage/home/sensor/roof/temperature").isEmpty
                    && !broker.payloads("garage/home/sensor/ramp").isEmpty
            }
        }
        let connects = broker.received.compactMap { if case .connect(let connect) = $0.packet { connect } else { nil } }
        #expect(Set(connects.map(\.clientID)) == FleetTests.names)
        for connect in connects {
            let will = try #require(connect.will)
            #expect(will.topic == "garage/home/device/\(connect.clientID)/status")
            #expect(String(buffer: will.payload) == "offline")
            #expect(will.retain)
            #expect(connect.cleanStart)
            #expect(connect.keepAlive > 0)
        }
        #expect(broker.publishes.allSatisfy { $0.publish.qos == .atLeastOnce })
        #expect(broker.publishes.allSatisfy { $0.publish.retain == $0.publish.topic.hasSuffix("/status") })
        try await broker.stop()
    }

    @Test func devicesSayGoodbyeWhenTheFleetShutsDown() async throws {
        let broker = try await ScriptedBroker()
        try await withFleet(at: broker) { fleet in
            try await eventually("all are connected") { fleet.statistics.connected == 7 }
        }
        try await eventually("all have gone") { broker.clients.isEmpty }
        let goodbyes = broker.received.filter { if case .disconnect = $0.packet { true } else { false } }
        #expect(Set(goodbyes.map(\.clientID)) == FleetTests.names)
        #expect(broker.closedWithoutDisconnect == 0)
        for name in FleetTests.names {
            #expect(broker.payloads("garage/home/device/\(name)/status") == ["online", "offline"])
        }
        try await broker.stop()
    }

    @Test func gatesObeyAndIgnoreRetainedCommands() async throws {
        let broker = try await ScriptedBroker()
        try await withFleet(at: broker, { $0.spots = 0 }) { fleet in
            try await eventually("the gate has subscribed") {
                broker.received.contains { received in
                    guard case .subscribe(let subscribe) = received.packet else { return false }
                    return subscribe.subscriptions.map(\.filter) == ["garage/home/gate/front/actuate"]
                }
            }
            try await eventually("the gates are connected") { fleet.statistics.connected == 5 }
            let topic = "garage/home/gate/front/actuate"
            try await broker.publish(topic, "CLOSE", retain: true, to: "esp-gate-front")
            try await broker.publish(topic, "nonsense", to: "esp-gate-front")
            try await broker.publish(topic, "OPEN", to: "esp-gate-front")
            try await eventually("the gate opens") {
                broker.payloads("garage/home/gate/front/state").contains("opening")
            }
            try await broker.publish(topic, "STOP", to: "esp-gate-front")
            try await eventually("the gate stops") { broker.payloads("garage/home/gate/front/state").last == "stopped" }
            #expect(broker.payloads("garage/home/gate/front/state") == ["closed", "opening", "stopped"])
            #expect(fleet.statistics.commands == 2)
        }
        try await broker.stop()
    }

    @Test func devicesComeBackWhenTheBrokerDoes() async throws {
        let broker = try await ScriptedBroker()
        try await withFleet(at: broker) { fleet in
            try await eventually("all are connected") { fleet.statistics.connected == 7 }
            try await broker.stop()
            try await eventually("all have noticed") { fleet.statistics.connected == 0 }
            let second = try await ScriptedBroker(port: broker.port)
            try await eventually("all are back") { fleet.statistics.connected == 7 }
            #expect(fleet.statistics.reconnects == 7)
            try await eventually("states are announced again") {
                second.payloads("garage/home/device/esp-row-A/status") == ["online"]
                    && !second.payloads("garage/home/spot/A1/state").isEmpty
            }
            try await second.stop()
        }
    }

    @Test func loadIsSpreadOverManyConnections() async throws {
        let broker = try await ScriptedBroker()
        try await withFleet(
            at: broker,
            {
                $0.sensors = 200
                $0.rate = 2000
                $0.clientsPerLoop = 100
            }
        ) { fleet in
            try await eventually("messages are acknowledged") { fleet.statistics.acknowledged > 3000 }
            #expect(fleet.statistics.connected == 204)
        }
        let senders = Set(broker.publishes.filter { $0.publish.topic.contains("/sensor/") }.map(\.clientID))
        #expect(senders.count == 200)
        try await broker.stop()
    }

    @Test func aSilentBrokerDoesNotHoldUpTheEnd() async throws {
        let broker = try await ScriptedBroker(ScriptedBroker.Script(acknowledges: false))
        try await withFleet(at: broker) { fleet in
            try await eventually("all wait for an acknowledgement") { fleet.statistics.sent >= 7 }
        }
        try await eventually("all have gone") { broker.clients.isEmpty }
        try await broker.stop()
    }

    @Test func whereNothingListensTheErrorSaysWhatToDo() async throws {
        let broker = try await ScriptedBroker()
        try await broker.stop()
        var options = SimulationOptions(port: broker.port)
        options.patience = .milliseconds(300)
        let fleet = Fleet(options: options, logger: Logger(label: "fleet", factory: { _ in SwiftLogNoOpLogHandler() }))
        let error = await #expect(throws: FleetError.self) { try await fleet.run() }
        let address = "127.0.0.1:\(broker.port)"
        #expect(error?.description == "nothing listens on \(address); start `garage serve` first")
    }

    @Test(arguments: [ReasonCode.badUserNameOrPassword, .notAuthorized])
    func aRefusalIsExplained(reasonCode: ReasonCode) async throws {
        let broker = try await ScriptedBroker(ScriptedBroker.Script(reasonCode: reasonCode))
        var options = SimulationOptions(port: broker.port)
        options.username = "demo"
        options.password = "secret"
        let fleet = Fleet(options: options, logger: Logger(label: "fleet", factory: { _ in SwiftLogNoOpLogHandler() }))
        let error = await #expect(throws: FleetError.self) { try await fleet.run() }
        let text = try #require(error?.description)
        #expect(text.contains("demo"))
        #expect(text.contains("--username"))
        #expect(!text.contains("secret"))
        #expect(broker.received.count == 1)
        try await broker.stop()
    }

    @Test func wrongOptionsAreRefusedBeforeAnythingStarts() async throws {
        var options = SimulationOptions()
        options.gates = -1
        let fleet = Fleet(options: options, logger: Logger(label: "fleet", factory: { _ in SwiftLogNoOpLogHandler() }))
        let error = await #expect(throws: FleetError.self) { try await fleet.run() }
        #expect(error?.description.contains("gates") == true)
    }
}

/// Waits until the condition holds; fails after 30 seconds.
private func eventually(
    _ what: String, sourceLocation: SourceLocation = #_sourceLocation, _ condition: () async throws -> Bool
) async throws {
    let clock = ContinuousClock()
    let deadline = clock.now.advanced(by: .seconds(30))
    while try await !condition() {
        guard clock.now < deadline else {
            Issue.record("waited in vain until \(what)", sourceLocation: sourceLocation)
            throw CancellationError()
        }
        try await Task.sleep(for: .milliseconds(10))
    }
}
