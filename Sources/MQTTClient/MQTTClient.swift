public import MQTTCodec
public import NIOCore
import NIOPosix

/// A connection of an MQTT client to a server.
///
/// It does what one connection can do: it does not reconnect. It stays open until `disconnect`, `abort`, an error or
/// the server ends it, whether or not somebody holds the object. Thousands fit on one event loop.
///
/// All functions may be called from anywhere; called on the client's event loop they save a hop. Callbacks come on the
/// event loop and must not block it.
public final class MQTTClient: Sendable {
    /// The event loop that the connection lives on.
    public let eventLoop: any EventLoop
    /// What the server said when it accepted the connection.
    public let info: ConnectInfo

    private let channel: any Channel
    private let handler: NIOLoopBound<ClientHandler>

    init(channel: any Channel, handler: ClientHandler, info: ConnectInfo) {
        self.channel = channel
        self.info = info
        eventLoop = channel.eventLoop
        self.handler = NIOLoopBound(handler, eventLoop: channel.eventLoop)
    }

    /// Connects, and returns when the server has accepted.
    /// - Parameters:
    ///   - onMessage: is called for every message, from the moment of the CONNACK on. QoS 1 and 2 are acknowledged after
    ///     it returns.
    ///   - onClose: is called once when an accepted connection ends; without an error after `disconnect` and `abort`.
    /// - Throws: `unreachable`, `refused`, `timeout`, `connectionLost`, `protocolError` or `invalid`.
    public static func connect(
        _ options: Options, on eventLoop: any EventLoop,
        onMessage: @escaping @Sendable (ReceivedMessage) -> Void = { _ in },
        onClose: @escaping @Sendable (MQTTClientError?) -> Void = { _ in }
    ) async throws(MQTTClientError) -> MQTTClient {
        let result = await withCheckedContinuation { continuation in
            connect(options, on: eventLoop, onMessage: onMessage, onClose: onClose) { result in
                continuation.resume(returning: result)
            }
        }
        return try result.get()
    }

    /// The same for callers without a task: `completion` is called once, on the event loop.
    public static func connect(
        _ options: Options, on eventLoop: any EventLoop,
        onMessage: @escaping @Sendable (ReceivedMessage) -> Void,
        onClose: @escaping @Sendable (MQTTClientError?) -> Void,
        completion: @escaping @Sendable (Result<MQTTClient, MQTTClientError>) -> Void
    ) {
        let accepted = eventLoop.makePromise(of: MQTTClient.self)
        accepted.futureResult.whenComplete { result in
            completion(result.mapError { $0 as? MQTTClientError ?? .unreachable("\($0)") })
        }
        ClientBootstrap(group: eventLoop)
            .connectTimeout(options.connectTimeout)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            // Most clients receive little: their buffers start small and grow with what arrives.
            .channelOption(
                .recvAllocator, value: AdaptiveRecvByteBufferAllocator(minimum: 64, initial: 64, maximum: 65_536)
            )
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try options.prepareChannel?(channel)
                    try channel.pipeline.syncOperations.addHandler(
                        ClientHandler(options, accepted: accepted, onMessage: onMessage, onClose: onClose))
                }
            }
            .connect(host: options.host, port: options.port)
            .whenFailure { error in
                if case ChannelError.connectTimeout = error {
                    accepted.fail(MQTTClientError.timeout(.connection))
                } else {
                    accepted.fail(MQTTClientError.unreachable("\(error)"))
                }
            }
    }

    /// Publishes a message.
    ///
    /// It returns when the server has acknowledged the message to the end (QoS 1 and 2), or when it has been handed to
    /// the socket (QoS 0). While the server's Receive Maximum is used up, it waits its turn.
    /// - Throws: `publishRefused`, `notAcceptedByServer`, `invalid`, `queueFull`, `timeout` (the message may still
    ///   arrive), or the reason why the connection ended.
    public func publish(
        topic: String, payload: ByteBuffer, qos: QoS = .atMostOnce, retain: Bool = false,
        properties: Properties = Properties()
    ) async throws(MQTTClientError) {
        let result = await withCheckedContinuation { continuation in
            send(topic: topic, payload: payload, qos: qos, retain: retain, properties: properties) { result in
                continuation.resume(returning: result)
            }
        }
        try result.get()
    }

    /// See `publish(topic:payload:qos:retain:properties:)` for a buffer.
    public func publish(
        topic: String, payload: [UInt8], qos: QoS = .atMostOnce, retain: Bool = false,
        properties: Properties = Properties()
    ) async throws(MQTTClientError) {
        try await publish(
            topic: topic, payload: ByteBuffer(bytes: payload), qos: qos, retain: retain, properties: properties)
    }

    /// Publishes a message without waiting. Many calls on the event loop become one write.
    /// - Parameter completion: is called on the event loop when `publish` would return.
    public func send(
        topic: String, payload: ByteBuffer, qos: QoS = .atMostOnce, retain: Bool = false,
        properties: Properties = Properties(),
        completion: (@Sendable (Result<Void, MQTTClientError>) -> Void)? = nil
    ) {
        let publish = Publish(topic: topic, payload: payload, qos: qos, retain: retain, properties: properties)
        var answer: ClientCore.Completion?
        if let completion {
            answer = { result in completion(result.map { _ in }) }
        }
        onEventLoop { [answer] handler in
            handler.perform { core, now in core.publish(publish, answer, now) }
        }
    }

    /// Acknowledges a message that `Options.acknowledgesByHand` left unacknowledged. Do it in the order in which they came
    /// [MQTT-4.6.0-2]. Does nothing when the connection has ended: the server then sends the message again.
    public func acknowledge(_ packetID: UInt16) {
        onEventLoop { handler in
            handler.perform { core, now in core.acknowledge(packetID, now) }
        }
    }

    /// False while the socket takes less than is sent; a sender of QoS 0 should pause then.
    public var isWritable: Bool { channel.isWritable }

    /// Subscribes, and returns the server's answer to each filter in their order: granted QoS, or an error code.
    public func subscribe(
        _ subscriptions: [Subscription], properties: Properties = Properties()
    ) async throws(MQTTClientError) -> [ReasonCode] {
        try await request { core, completion, now in
            core.subscribe(subscriptions, properties, completion, now)
        }
    }

    /// See `subscribe(_:properties:)`, with the subscription options left at their defaults.
    public func subscribe(_ filters: [(String, QoS)]) async throws(MQTTClientError) -> [ReasonCode] {
        try await subscribe(filters.map { Subscription(filter: $0.0, qos: $0.1) })
    }

    /// Unsubscribes, and returns the server's answer to each filter; `.success` for each before MQTT 5.0.
    public func unsubscribe(_ filters: [String]) async throws(MQTTClientError) -> [ReasonCode] {
        try await request { core, completion, now in
            core.unsubscribe(filters, completion, now)
        }
    }

    /// Sends DISCONNECT and closes; returns when the connection is closed. Requests under way end with `closed`.
    /// - Parameter reasonCode: `.disconnectWithWillMessage` has the server publish the will (MQTT 5.0).
    public func disconnect(_ reasonCode: ReasonCode = .normalDisconnection) async {
        onEventLoop { handler in
            handler.perform { core, now in core.disconnect(reasonCode, because: .closed, now) }
        }
        await closed()
    }

    /// Drops the connection without DISCONNECT, so that the server publishes the will.
    public func abort() {
        onEventLoop { handler in
            handler.perform { core, _ in core.abort() }
        }
    }

    /// Returns when the connection is closed.
    public func closed() async {
        try? await channel.closeFuture.get()
    }

    /// What is unfinished now; taken after the connection has ended, it is what the next one should resume.
    public func session() async -> Session {
        await withCheckedContinuation { continuation in
            onEventLoop { handler in continuation.resume(returning: handler.session) }
        }
    }

    private func request(
        _ body: @escaping @Sendable (inout ClientCore, @escaping ClientCore.Completion, NIODeadline) -> Void
    ) async throws(MQTTClientError) -> [ReasonCode] {
        let result = await withCheckedContinuation { continuation in
            onEventLoop { handler in
                handler.perform { core, now in
                    body(&core, { continuation.resume(returning: $0) }, now)
                }
            }
        }
        return try result.get()
    }

    private func onEventLoop(_ body: @escaping @Sendable (ClientHandler) -> Void) {
        if eventLoop.inEventLoop {
            body(handler.value)
        } else {
            eventLoop.execute { [handler] in body(handler.value) }
        }
    }
}
