import MQTTBroker
public import MQTTCodec
public import NIOCore

/// A client of the broker inside its own process, without a socket: it publishes, and closures take what it subscribes
/// to. For the broker it is a client like any other, of the listener `in-process`: the policy is asked about it, and it
/// has a session, quotas and back-pressure.
///
/// Made by `MQTTServer.connect(clientID:)`. Closures run on the broker's event loop, must not block, and may call
/// `publish` and `post`.
public final class InProcessClient: Sendable {
    /// The name of the listener that policies see for clients of this kind.
    public static let listener = "in-process"

    /// Why a client was not let in, or what became of a request.
    public enum Failure: Error, Sendable, Hashable {
        /// CONNECT, SUBSCRIBE or PUBLISH was answered with this reason code.
        case refused(ReasonCode)
        /// The broker has closed the connection.
        case closed
    }

    private let loop: BrokerLoop
    private let core: NIOLoopBound<InProcessConnection>

    private init(loop: BrokerLoop, core: NIOLoopBound<InProcessConnection>) {
        self.loop = loop
        self.core = core
    }

    /// Connects to the broker on `loop`.
    static func connect(_ loop: BrokerLoop, _ connect: Connect) async throws -> InProcessClient {
        let eventLoop = loop.eventLoop
        let promise = eventLoop.makePromise(of: ReasonCode.self)
        let core = try await eventLoop.submit {
            let connection = InProcessConnection(loop: loop)
            connection.open(connect, promise)
            return NIOLoopBound(connection, eventLoop: eventLoop)
        }.get()
        let reason = try await promise.futureResult.get()
        guard !reason.isError else { throw Failure.refused(reason) }
        return InProcessClient(loop: loop, core: core)
    }

    /// Has `body` called with every message that matches the filter, until the client is closed. Returns when the broker
    /// has taken the subscription.
    /// - Throws: `Failure.refused` if the policy or a limit is against it.
    public func subscribe(
        _ filter: String, qos: QoS = .atLeastOnce, _ body: @escaping @Sendable (Publish) -> Void
    ) async throws {
        let reason = try await request { $0.subscribe(filter, qos, body, $1) }
        guard !reason.isError else { throw Failure.refused(reason) }
    }

    /// Publishes, and with QoS 1 and 2 waits until the broker has acknowledged.
    /// - Throws: `Failure.refused` if the policy or a limit is against it.
    public func publish(_ topic: String, _ payload: ByteBuffer, qos: QoS = .atMostOnce, retain: Bool = false)
        async throws
    {
        let reason = try await request { $0.publish(topic, payload, qos, retain, $1) }
        guard !reason.isError else { throw Failure.refused(reason) }
    }

    /// Publishes a text, and with QoS 1 and 2 waits until the broker has acknowledged.
    public func publish(_ topic: String, text: String, qos: QoS = .atMostOnce, retain: Bool = false) async throws {
        try await publish(topic, ByteBuffer(string: text), qos: qos, retain: retain)
    }

    /// Publishes with QoS 0 and without waiting for anything. May be called from everywhere.
    public func post(_ topic: String, _ payload: ByteBuffer, retain: Bool = false) {
        loop.eventLoop.execute { [core] in core.value.publish(topic, payload, .atMostOnce, retain, nil) }
    }

    /// Says goodbye. Requests that wait fail with `Failure.closed`.
    public func close() async {
        try? await loop.eventLoop.submit { [core] in core.value.close() }.get()
    }

    private func request(
        _ body: @escaping @Sendable (InProcessConnection, EventLoopPromise<ReasonCode>) -> Void
    ) async throws -> ReasonCode {
        let promise = loop.eventLoop.makePromise(of: ReasonCode.self)
        loop.eventLoop.execute { [core] in body(core.value, promise) }
        return try await promise.futureResult.get()
    }
}

extension MQTTServer {
    /// Connects a client inside this process, without a socket. The server must have been started.
    /// - Parameters:
    ///   - clientID: as of any client, so that an equal one takes over its session.
    ///   - userName: what the policy sees; there is no password.
    /// - Throws: `InProcessClient.Failure` if the policy does not let it in.
    public func connect(clientID: String, userName: String? = nil) async throws -> InProcessClient {
        try await InProcessClient.connect(
            firstLoop, Connect(version: .v5, clientID: clientID, userName: userName))
    }
}
