import MQTTBroker
import MQTTCodec
import MQTTServer
import NIOCore
import Synchronization
import Testing

@Suite("Clients without a socket", .serialized)
struct InProcessClientTests {
    /// What a closure was given.
    private final class Received: Sendable {
        private let texts = Mutex<[String]>([])

        var all: [String] { texts.withLock { $0 } }

        @Sendable func take(_ publish: Publish) {
            let text = "\(publish.topic) \(publish.qos.rawValue) \(String(buffer: publish.payload))"
            texts.withLock { $0.append(text) }
        }
    }

    @Test("Messages go between it and clients on the network, with every quality of service", arguments: [1, 2])
    func bothWays(loops: Int) async throws {
        try await RunningServer.with(loops: loops) { running in
            let received = Received()
            let client = try await running.server.connect(clientID: "inside")
            try await client.subscribe("in/#", qos: .exactlyOnce, received.take)
            let outside = try await WireClient.connect(port: running.port, "outside")
            try await outside.subscribe("out/#")
            for (id, qos) in [QoS.atMostOnce, .atLeastOnce, .exactlyOnce].enumerated() {
                try await outside.publish("in/a", "x", qos: qos, id: UInt16(id + 1))
                try await eventually { received.all.count == id + 1 }
                try await client.publish("out/a", text: "y", qos: qos)
                #expect(try await outside.nextPublish()?.qos == qos)
            }
            #expect(received.all == ["in/a 0 x", "in/a 1 x", "in/a 2 x"])
            await client.close()
            await #expect(throws: InProcessClient.Failure.closed) {
                try await client.publish("out/a", text: "z", qos: .atLeastOnce)
            }
        }
    }

    @Test("Each closure gets what its own filter matches, retained messages included")
    func closures() async throws {
        try await RunningServer.with { running in
            let (wide, narrow) = (Received(), Received())
            let client = try await running.server.connect(clientID: "inside")
            try await client.publish("a/kept", text: "r", qos: .atLeastOnce, retain: true)
            try await client.subscribe("a/#", wide.take)
            try await eventually { wide.all == ["a/kept 1 r"] }
            try await client.subscribe("a/b", narrow.take)
            try await client.publish("a/b", text: "1", qos: .atLeastOnce)
            client.post("a/c", ByteBuffer(string: "2"))
            try await eventually { wide.all.count == 3 }
            #expect(wide.all == ["a/kept 1 r", "a/b 1 1", "a/c 0 2"])
            #expect(narrow.all == ["a/b 1 1"])
        }
    }

    @Test("The policy is asked, and its refusals are errors")
    func refused() async throws {
        final class Strict: BrokerPolicy {
            func authenticate(_ request: ConnectRequest) -> Authentication {
                request.listener == InProcessClient.listener && request.userName == "host"
                    ? .accepted(Principal(name: "host")) : .refused(.notAuthorized)
            }
            func authorizeSubscribe(_ filter: String, for client: ClientContext) -> ReasonCode? {
                filter == "no" ? .notAuthorized : nil
            }
            func inspect(_ publish: borrowing PublishInspection) -> PublishVerdict {
                publish.topicName == "no" ? .refuse(.notAuthorized) : .forward
            }
        }
        try await RunningServer.with(policy: Strict()) { running in
            await #expect(throws: InProcessClient.Failure.refused(.notAuthorized)) {
                _ = try await running.server.connect(clientID: "a")
            }
            let client = try await running.server.connect(clientID: "a", userName: "host")
            await #expect(throws: InProcessClient.Failure.refused(.notAuthorized)) {
                try await client.subscribe("no") { _ in }
            }
            await #expect(throws: InProcessClient.Failure.refused(.notAuthorized)) {
                try await client.publish("no", text: "", qos: .exactlyOnce)
            }
            await #expect(throws: InProcessClient.Failure.refused(.topicNameInvalid)) {
                try await client.publish("a/#", text: "", qos: .atLeastOnce)
            }
            try await client.publish("yes", text: "", qos: .exactlyOnce)
        }
    }
}
