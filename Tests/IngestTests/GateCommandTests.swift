import EventLog
import GarageDomain
import Ingest
import MQTTBroker
import MQTTCodec
import NIOCore
import Testing

@Suite struct GateCommandTests {
    private let commandTopic = "garage/home/gate/front/command"
    private let ana = ClientContext(clientID: "phone", principal: Principal(name: "ana"))

    private func gateAt(_ state: String, receivers: Int = 1) async throws -> IngestBench {
        let bench = try IngestBench(receivers: receivers)
        bench.publish("garage/home/gate/front/state", state)
        _ = try await bench.events()
        return bench
    }

    private func actuations(_ bench: IngestBench) -> [LocalMessage] {
        bench.sink.messages.filter { $0.topic.hasSuffix("/actuate") }
    }

    @Test func aCommandIsRecordedThenSentThenFollowedToItsEnd() async throws {
        let bench = try await gateAt("closed")
        #expect(bench.publish(commandTopic, "OPEN", from: ana) == .holdOnly)
        try await bench.eventually("the gate is told") { actuations(bench).count == 1 }
        let message = try #require(actuations(bench).first)
        #expect(message.topic == "garage/home/gate/front/actuate")
        #expect(String(buffer: message.payload) == "OPEN")
        #expect(message.qos == .atMostOnce && !message.retain && message.neverQueued)
        try await bench.eventually("the dispatch is recorded") {
            try await bench.types().contains("gate.command-dispatched")
        }
        bench.publish("garage/home/gate/front/state", "opening")
        bench.publish("garage/home/gate/front/state", "open")
        let events = try await bench.events().filter { $0.type.hasPrefix("gate.") }
        #expect(
            events.map(\.type) == [
                "gate.closed", "gate.command-requested", "gate.command-dispatched", "gate.opening", "gate.opened",
                "gate.command-completed",
            ])
        let request = events[1]
        #expect(request.metadata.actor == "ana")
        #expect(request.metadata.channel == "mqtt")
        for event in events[2...] { #expect(event.metadata.correlation == request.id) }
        for (event, cause) in zip(events[2...], events[1...]) { #expect(event.metadata.causation == cause.id) }
    }

    @Test func aGateThatAnswersBeforeTheDispatchIsNotedIsExplainedAllTheSame() async throws {
        let bench = try await gateAt("closed")
        bench.sink.onPublish { [weak bench] in
            bench?.publish("garage/home/gate/front/state", "opening")
            bench?.publish("garage/home/gate/front/state", "open")
        }
        bench.publish(commandTopic, "OPEN", from: ana)
        try await bench.eventually("the command is completed") {
            try await bench.types().last == "gate.command-completed"
        }
        #expect(
            try await bench.types() == [
                "gate.closed", "gate.command-requested", "gate.command-dispatched", "gate.opening", "gate.opened",
                "gate.command-completed",
            ])
        try await bench.eventually("the reports are acknowledged") { bench.sink.releases.count == 4 }
    }

    @Test func aRetainedCommandIsRefusedAndRecordedAndMovesNothing() async throws {
        let bench = try await gateAt("closed")
        #expect(bench.publish(commandTopic, "OPEN", retain: true, from: ana) == .refuse(.notAuthorized))
        let last = try #require(try await bench.events().last)
        #expect(last.type == "gate.command-rejected")
        #expect(String(decoding: last.data, as: UTF8.self).contains("\"retained\""))
        #expect(actuations(bench).isEmpty)
    }

    @Test func aRedeliveredCommandMovesNothing() async throws {
        let bench = try await gateAt("closed")
        bench.publish(commandTopic, "OPEN", duplicate: true, from: ana)
        #expect(try await bench.types().last == "gate.command-rejected")
        #expect(actuations(bench).isEmpty)
    }

    @Test func nobodyThereToReceiveItIsAFailure() async throws {
        let bench = try await gateAt("closed", receivers: 0)
        bench.publish(commandTopic, "OPEN", from: ana)
        try await bench.eventually("the failure is recorded") { try await bench.types().last == "gate.command-failed" }
        #expect(!(try await bench.types().contains("gate.command-dispatched")))
    }

    @Test func theSenderHearsEachStepOnItsResponseTopicToo() async throws {
        let bench = try await gateAt("closed")
        var properties = Properties()
        properties.responseTopic = "phone/answers"
        properties.correlationData = ByteBuffer(bytes: [1, 2, 3])
        bench.publish(commandTopic, #"{"action":"open","id":"c1"}"#, from: ana, properties: properties)
        try await bench.eventually("the dispatch is told") {
            bench.sink.messages.filter { $0.topic == "phone/answers" }.count == 2
        }
        let answers = bench.sink.messages.filter { $0.topic == "phone/answers" }
        #expect(answers.allSatisfy { $0.properties.correlationData == ByteBuffer(bytes: [1, 2, 3]) })
        #expect(
            answers.map { String(buffer: $0.payload) } == [
                #"{"id":"c1","action":"open","status":"requested"}"#,
                #"{"id":"c1","action":"open","status":"dispatched"}"#,
            ])
        #expect(bench.sink.messages.filter { $0.topic == commandTopic + "/result" }.count == 2)
    }

    @Test func theDoorTellsTheOutcomeAndHonoursAnIDOnce() async throws {
        let bench = try await gateAt("closed")
        let gate = try #require(Subject(kind: .gate, id: "home.front"))
        let submission = CommandSubmission(
            gate: gate, action: .open, id: "once", origin: EventMetadata(actor: "ana", channel: "page"))
        let first = try await bench.ingest.submit(submission)
        #expect(first.id == "once" && first.rejection == nil && !first.repeated)
        let again = try await bench.ingest.submit(submission)
        #expect(again.repeated && again.position == first.position)
        var other = submission
        other.action = .close
        await #expect(throws: CommandDoorError.conflict) { try await bench.ingest.submit(other) }
        let unknown = CommandSubmission(
            gate: try #require(Subject(kind: .gate, id: "home.side")), action: .open, id: nil,
            origin: EventMetadata(actor: "ana", channel: "page"))
        #expect(try await bench.ingest.submit(unknown).rejection == .unknownGate)
        #expect(actuations(bench).count == 1)
    }

    @Test func aWillOnACommandTopicKeepsItsClientOut() throws {
        let bench = try IngestBench()
        for topic in [commandTopic, "garage/home/gate/front/actuate"] {
            let request = ConnectRequest(
                clientID: "x",
                will: .init(topic: topic, payload: Array("OPEN".utf8), qos: .atMostOnce, retain: false))
            guard case .refused(.notAuthorized) = bench.ingest.authenticate(request) else {
                Issue.record("a will on \(topic) was let in")
                continue
            }
        }
    }

    @Test func commandAndActuateTopicsAreNeverQueued() throws {
        let bench = try IngestBench()
        #expect(bench.ingest.isVolatile(topic: commandTopic))
        #expect(bench.ingest.isVolatile(topic: "garage/home/gate/front/actuate"))
        #expect(!bench.ingest.isVolatile(topic: "garage/home/gate/front/state"))
    }
}
