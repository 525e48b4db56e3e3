import MQTTBroker
public import MQTTCodec
public import NIOCore

/// A client of the broker inside its own process whose session outlives its connections, as a bridge needs it: what
/// comes while it is away is queued, on disk where the broker has a store, and what it was given and has not acknowledged
/// comes again.
///
/// Made by `MQTTServer.openSession`. Everything may be called from everywhere; closures run on the broker's event loop and
/// must not block it. Quality of service goes up to 1.
public final class InProcessSession: Sendable {
    /// How the session is opened.
    public struct Options: Sendable {
        /// As of any client. An equal one takes the session over.
        public var clientID: String
        /// What the policy sees; there is no password.
        public var userName: String?
        /// Whether an earlier session ends first.
        public var cleanStart = false
        /// Seconds that the session outlives this connection; 0 ends it with the connection, `.max` never.
        public var expiry = UInt32.max
        /// How many messages may wait for their acknowledgement, from 1.
        public var receiveMaximum: UInt16 = 100

        public init(clientID: String, userName: String? = nil) {
            self.clientID = clientID
            self.userName = userName
        }

        var connect: Connect {
            Connect(
                version: .v5, clientID: clientID, cleanStart: cleanStart, userName: userName,
                properties: [.sessionExpiryInterval(expiry), .receiveMaximum(max(1, receiveMaximum))])
        }
    }

    private let loop: BrokerLoop
    private let core: NIOLoopBound<InProcessConnection>

    private init(loop: BrokerLoop, core: NIOLoopBound<InProcessConnection>) {
        self.loop = loop
        self.core = core
    }

    /// The event loop of the closures.
    public var eventLoop: any EventLoop { loop.eventLoop }

    static func open(
        _ options: Options, on loop: BrokerLoop, onMessage: @escaping @Sendable (Publish) -> Void,
        onClose: @escaping @Sendable () -> Void
    ) async throws -> InProcessSession {
        let eventLoop = loop.eventLoop
        let promise = eventLoop.makePromise(of: ReasonCode.self)
        let core = try await eventLoop.submit {
            let connection = InProcessConnection(loop: loop, onMessage: onMessage, onClose: onClose)
            connection.open(options.connect, promise)
            return NIOLoopBound(connection, eventLoop: eventLoop)
        }.get()
        let reason = try await promise.futureResult.get()
        guard !reason.isError else { throw InProcessClient.Failure.refused(reason) }
        return InProcessSession(loop: loop, core: core)
    }

    /// Subscribes, and returns when the broker has taken the subscription.
    /// - Throws: `InProcessClient.Failure` if the policy or a limit is against it.
    public func subscribe(_ subscription: Subscription) async throws {
        try await request { $0.subscribe(subscription, $1) }
    }

    /// Ends a subscription, also one that an earlier connection made.
    public func unsubscribe(_ filter: String) async throws {
        try await request { $0.unsubscribe(filter, $1) }
    }

    /// Publishes with QoS 1; `completion` is called on the event loop with the broker's answer, or `nil` when the
    /// connection ended before there was one. With QoS 0 `completion` is called with success at once.
    public func publish(
        _ publish: Publish, completion: @escaping @Sendable (ReasonCode?) -> Void
    ) {
        let promise = loop.eventLoop.makePromise(of: ReasonCode.self)
        promise.futureResult.whenComplete { result in completion(try? result.get()) }
        onLoop {
            $0.publish(
                publish.topic, publish.payload, min(publish.qos, .atLeastOnce), publish.retain, promise,
                properties: publish.properties)
        }
    }

    /// Acknowledges a message of QoS 1 that `onMessage` was given. In the order in which they came.
    public func acknowledge(_ packetID: UInt16) { onLoop { $0.acknowledge(packetID) } }

    /// Leaves; the session stays for as long as its expiry says.
    public func close() async {
        try? await loop.eventLoop.submit { [core] in core.value.close() }.get()
    }

    private func onLoop(_ body: @escaping @Sendable (InProcessConnection) -> Void) {
        if loop.eventLoop.inEventLoop {
            body(core.value)
        } else {
            loop.eventLoop.execute { [core] in body(core.value) }
        }
    }

    private func request(
        _ body: @escaping @Sendable (InProcessConnection, EventLoopPromise<ReasonCode>) -> Void
    ) async throws {
        let promise = loop.eventLoop.makePromise(of: ReasonCode.self)
        onLoop { body($0, promise) }
        let reason = try await promise.futureResult.get()
        guard !reason.isError else { throw InProcessClient.Failure.refused(reason) }
    }
}

extension MQTTServer {
    /// Connects a client inside this process whose session outlives the connection. The server must have been started.
    /// - Parameters:
    ///   - onMessage: takes every message; those of QoS 1 wait for `InProcessSession.acknowledge`.
    ///   - onClose: is called once when the connection has ended, also by `close`.
    /// - Throws: `InProcessClient.Failure` if the policy does not let it in.
    public func openSession(
        _ options: InProcessSession.Options, onMessage: @escaping @Sendable (Publish) -> Void = { _ in },
        onClose: @escaping @Sendable () -> Void = {}
    ) async throws -> InProcessSession {
        try await InProcessSession.open(options, on: firstLoop, onMessage: onMessage, onClose: onClose)
    }
}
