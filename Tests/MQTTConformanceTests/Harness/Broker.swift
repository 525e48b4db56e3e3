import Logging
import MQTTBroker
import MQTTCodec
import MQTTServer
import NIOCore
import NIOPosix
import Synchronization
import Testing

/// A broker on free ports of the loopback interface, for one test.
final class Broker: Sendable {
    /// Two loops, so that `MQTT_CONFORMANCE_LOOPS=2` makes every message cross from one to the other.
    private static let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
    private static let loops = Environment.number("MQTT_CONFORMANCE_LOOPS") ?? 1

    let server: MQTTServer
    private let addresses: MQTTServer.BoundAddresses
    private let clients = Mutex<[Client]>([])
    private let lastNumber = Mutex(0)

    private init(_ server: MQTTServer, _ addresses: MQTTServer.BoundAddresses) {
        self.server = server
        self.addresses = addresses
    }

    /// Starts a broker, runs `body`, closes its clients and stops the broker.
    static func run(
        limits: BrokerLimits = BrokerLimits(), policy: any BrokerPolicy = OpenPolicy(),
        _ body: (Broker) async throws -> Void
    ) async throws {
        let local = MQTTServer.HostPort(host: "127.0.0.1", port: 0)
        let server = MQTTServer(
            configuration: .init(tcp: [local], webSocket: [local], eventLoops: loops, limits: limits),
            policy: policy, eventLoopGroup: group,
            logger: Logger(label: "conformance") { _ in SwiftLogNoOpLogHandler() })
        let broker = Broker(server, try await server.start())
        let running = Task { try await server.run() }
        let result: Result<Void, any Error>
        do {
            try await body(broker)
            result = .success(())
        } catch {
            result = .failure(error)
        }
        for client in broker.clients.withLock({ $0 }) { await client.abort() }
        running.cancel()
        try await running.value
        try result.get()
    }

    /// A connection on which nothing has been sent.
    func open(_ version: ProtocolVersion = .v5, webSocket: Bool = false) async throws -> Client {
        let port = webSocket ? addresses.webSocket[0].port : addresses.tcp[0].port
        let client = try await Client.open(port: port, version: version)
        clients.withLock { $0.append(client) }
        return client
    }

    /// A client whose CONNECT was accepted; the answer is in its `connack`.
    func connect(
        _ clientID: String? = nil, _ version: ProtocolVersion = .v5, clean: Bool = true, keepAlive: UInt16 = 0,
        will: Will? = nil, userName: String? = nil, password: String? = nil, _ properties: Properties = [],
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> Client {
        let client = try await open(version)
        let connect = Connect(
            version: version, clientID: clientID ?? freshClientID(), cleanStart: clean, keepAlive: keepAlive,
            will: will, userName: userName, password: password.map { ByteBuffer(string: $0) }, properties: properties)
        try await client.send(.connect(connect))
        let answer = try await client.next()
        guard case .connack(let connack)? = answer, connack.reasonCode == .success else {
            throw Unexpected("CONNECT was answered by \(String(describing: answer))", sourceLocation)
        }
        client.connack = connack
        return client
    }

    /// An MQTT 5 client with these CONNECT properties.
    func connect(
        _ clientID: String?, _ properties: Properties, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> Client {
        try await connect(clientID, .v5, clean: true, properties, sourceLocation: sourceLocation)
    }

    /// An MQTT 5 client with a session that outlives its connection, and these CONNECT properties.
    func resume(
        _ clientID: String, _ properties: Properties, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> Client {
        try await resume(clientID, .v5, properties, sourceLocation: sourceLocation)
    }

    /// A client with a session that outlives its connection, in any version.
    func resume(
        _ clientID: String, _ version: ProtocolVersion = .v5, _ properties: Properties = [],
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> Client {
        var properties = properties
        if version == .v5, properties.sessionExpiryInterval == nil { properties.append(.sessionExpiryInterval(600)) }
        return try await connect(clientID, version, clean: false, properties, sourceLocation: sourceLocation)
    }

    private func freshClientID() -> String {
        lastNumber.withLock { number in
            number += 1
            return "client\(number)"
        }
    }

    /// Lets time pass on the broker's own clock: a will that is delayed by so many seconds has come.
    func pass(seconds: UInt32) async throws {
        let watcher = try await connect()
        try await watcher.subscribe("clock/\(seconds)")
        let will = Will(
            topic: "clock/\(seconds)", payload: ByteBuffer(), properties: [.willDelayInterval(seconds)])
        let clock = try await connect(will: will, [.sessionExpiryInterval(seconds + 60)])
        await clock.abort()
        _ = try await watcher.receive(within: .seconds(Int64(seconds) + 20))
        try await watcher.disconnect()
    }
}

/// Something else came than what the test goes on from.
struct Unexpected: Error, CustomStringConvertible {
    let description: String

    init(_ text: String, _ location: SourceLocation) {
        description = "\(text) (\(location))"
    }
}
