import Logging
import MQTTBroker
import MQTTServer
import NIOCore
import NIOPosix
import Testing

/// A server on free ports of the loopback interface.
struct RunningServer {
    let server: MQTTServer
    let addresses: MQTTServer.BoundAddresses

    var port: Int { addresses.tcp[0].port }
    var webSocketPort: Int { addresses.webSocket[0].port }

    /// Starts a server, runs `body` and shuts the server down again.
    /// - Parameter configure: changes the configuration, which has a TCP and a WebSocket listener.
    static func with(
        loops: Int = 1, limits: BrokerLimits = BrokerLimits(), policy: any BrokerPolicy = OpenPolicy(),
        configure: (inout MQTTServer.Configuration) -> Void = { _ in },
        _ body: (RunningServer) async throws -> Void
    ) async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: loops)
        let local = MQTTServer.HostPort(host: "127.0.0.1", port: 0)
        var configuration = MQTTServer.Configuration(
            tcp: [local], webSocket: [local], eventLoops: loops, limits: limits)
        configure(&configuration)
        let server = MQTTServer(
            configuration: configuration, policy: policy, eventLoopGroup: group, logger: Logger(label: "test"))
        let addresses = try await server.start()
        let running = Task { try await server.run() }
        let result: Result<Void, any Error>
        do {
            try await body(RunningServer(server: server, addresses: addresses))
            result = .success(())
        } catch {
            result = .failure(error)
        }
        running.cancel()
        try await running.value
        try await group.shutdownGracefully()
        try result.get()
    }
}

/// Waits until a condition holds, and fails the test if it does not within the time.
func eventually(
    within seconds: Double = 10, _ condition: () async throws -> Bool,
    sourceLocation: SourceLocation = #_sourceLocation
) async throws {
    let deadline = ContinuousClock.now + .seconds(seconds)
    while ContinuousClock.now < deadline {
        if try await condition() { return }
        try await Task.sleep(for: .milliseconds(5))
    }
    Issue.record("the condition did not come true within \(seconds) s", sourceLocation: sourceLocation)
}
