import Logging
import MQTTBroker
import MQTTCodec
import MQTTServer
import NIOCore
import NIOPosix

/// Lets everyone in, and keeps messages off the topics below `private/`.
final class HousePolicy: BrokerPolicy {
    func inspect(_ publish: borrowing PublishInspection) -> PublishVerdict {
        publish.topicName.hasPrefix("private/") ? .refuse(.notAuthorized) : .forward
    }
}

@main
enum EmbeddingExample {
    static func main() async throws {
        let server = MQTTServer(
            configuration: .init(tcp: [.init(host: "127.0.0.1", port: 0)]), policy: HousePolicy(),
            eventLoopGroup: .singleton, logger: Logger(label: "broker"))
        let addresses = try await server.start()
        let running = Task { try await server.run() }
        print("listening on \(addresses.tcp)")

        let client = try await server.connect(clientID: "host")
        let (messages, continuation) = AsyncStream.makeStream(of: String.self)
        try await client.subscribe("greetings/#") { continuation.yield("\($0.topic): \(String(buffer: $0.payload))") }
        try await client.publish("greetings/world", text: "hello", qos: .atLeastOnce)
        for await message in messages.prefix(1) { print(message) }

        running.cancel()
        try await running.value
    }
}
