import MQTTCodec
import NIOCore
import NIOPosix
import NIOSSL
import Synchronization
import Testing

/// A client on a real socket that sends and receives whole packets.
final class WireClient: Sendable {
    struct TimedOut: Error {}

    private let channel: any Channel
    private let inbox: ByteInbox
    private let decoder: Mutex<PacketDecoder>
    let version: ProtocolVersion

    private init(_ channel: any Channel, _ inbox: ByteInbox, _ version: ProtocolVersion) {
        self.channel = channel
        self.inbox = inbox
        self.version = version
        decoder = Mutex(PacketDecoder(version: version))
    }

    /// - Parameters:
    ///   - receiveBuffer: the size of the socket's receive buffer; small for a client that is to be slow.
    ///   - security: speaks TLS.
    ///   - unixSocket: connects there instead of to the port.
    ///   - preface: sent before anything else, TLS included.
    static func open(
        port: Int, version: ProtocolVersion = .v5, receiveBuffer: Int? = nil, security: NIOSSLContext? = nil,
        unixSocket: String? = nil, preface: [UInt8]? = nil
    ) async throws -> WireClient {
        let inbox = ByteInbox()
        var bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    if let preface { try pipeline.addHandler(Preface(preface)) }
                    if let security {
                        try pipeline.addHandler(NIOSSLClientHandler(context: security, serverHostname: nil))
                    }
                    try pipeline.addHandler(InboxHandler(inbox))
                }
            }
        if let receiveBuffer {
            bootstrap = bootstrap.channelOption(
                .socketOption(.so_rcvbuf), value: .init(clamping: receiveBuffer))
        }
        let channel =
            if let unixSocket {
                try await bootstrap.connect(unixDomainSocketPath: unixSocket).get()
            } else {
                try await bootstrap.connect(host: "127.0.0.1", port: port).get()
            }
        return WireClient(channel, inbox, version)
    }

    /// A connected client whose CONNACK was a success.
    static func connect(
        port: Int, _ clientID: String, version: ProtocolVersion = .v5, clean: Bool = true, keepAlive: UInt16 = 0,
        will: Will? = nil, receiveBuffer: Int? = nil, properties: Properties = []
    ) async throws -> WireClient {
        let client = try await open(port: port, version: version, receiveBuffer: receiveBuffer)
        try await client.send(
            .connect(
                Connect(
                    version: version, clientID: clientID, cleanStart: clean, keepAlive: keepAlive, will: will,
                    properties: properties)))
        guard case .connack(let connack)? = try await client.next() else { throw TimedOut() }
        #expect(connack.reasonCode == .success)
        return client
    }

    func send(_ packet: Packet) async throws {
        var bytes = ByteBuffer()
        try packet.encode(into: &bytes, version: version)
        try await channel.writeAndFlush(bytes)
    }

    func send(bytes: [UInt8]) async throws {
        try await channel.writeAndFlush(ByteBuffer(bytes: bytes))
    }

    /// Sends without waiting until the system has taken the bytes.
    func post(_ packets: [Packet]) throws {
        var bytes = ByteBuffer()
        for packet in packets { try packet.encode(into: &bytes, version: version) }
        channel.writeAndFlush(bytes, promise: nil)
    }

    /// The next packet; `nil` once the broker has closed. Throws after `seconds` without either.
    func next(within seconds: Double = 10) async throws -> Packet? {
        let deadline = ContinuousClock.now + .seconds(seconds)
        while true {
            if let packet = try decoder.withLock({ try $0.next() }) { return packet }
            guard var bytes = try await inbox.next(until: deadline) else { return nil }
            decoder.withLock { $0.append(&bytes) }
        }
    }

    /// The next bytes as they came; `nil` once the broker has closed.
    func nextBytes(within seconds: Double = 10) async throws -> ByteBuffer? {
        try await inbox.next(until: ContinuousClock.now + .seconds(seconds))
    }

    /// The next PUBLISH, acknowledged; other packets are passed over.
    func nextPublish(within seconds: Double = 10) async throws -> Publish? {
        while let packet = try await next(within: seconds) {
            switch packet {
            case .publish(let publish):
                if publish.qos == .atLeastOnce {
                    try await send(.puback(Acknowledgement(packetID: publish.packetID ?? 0)))
                } else if publish.qos == .exactlyOnce {
                    try await send(.pubrec(Acknowledgement(packetID: publish.packetID ?? 0)))
                }
                return publish
            case .pubrel(let release): try await send(.pubcomp(Acknowledgement(packetID: release.packetID)))
            default: continue
            }
        }
        return nil
    }

    func subscribe(_ filter: String, qos: QoS = .exactlyOnce) async throws {
        try await send(.subscribe(Subscribe(packetID: 1, subscriptions: [Subscription(filter: filter, qos: qos)])))
        while let packet = try await next() {
            if case .suback = packet { return }
        }
    }

    func publish(
        _ topic: String, _ text: String, qos: QoS = .atMostOnce, retain: Bool = false, id: UInt16 = 1
    ) async throws {
        try await send(
            .publish(
                Publish(
                    topic: topic, payload: ByteBuffer(string: text), qos: qos, retain: retain,
                    packetID: qos == .atMostOnce ? nil : id)))
    }

    /// Stops or resumes reading from the socket.
    func setReading(_ reads: Bool) async throws {
        try await channel.setOption(.autoRead, value: reads).get()
    }

    func close() async {
        try? await channel.close().get()
    }
}

/// Bytes that have come and not been taken, and the one who waits for them.
final class ByteInbox: Sendable {
    private struct State {
        var bytes = ByteBuffer()
        var isClosed = false
    }

    private let state = Mutex(State())

    func append(_ more: ByteBuffer) {
        state.withLock { state in
            var more = more
            state.bytes.writeBuffer(&more)
        }
    }

    func close() {
        state.withLock { $0.isClosed = true }
    }

    func next(until deadline: ContinuousClock.Instant) async throws -> ByteBuffer? {
        while true {
            let (bytes, isClosed) = state.withLock { state in
                defer { state.bytes = ByteBuffer() }
                return (state.bytes, state.isClosed)
            }
            if bytes.readableBytes > 0 { return bytes }
            if isClosed { return nil }
            guard ContinuousClock.now < deadline else { throw WireClient.TimedOut() }
            try await Task.sleep(for: .milliseconds(1))
        }
    }
}

private final class InboxHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let inbox: ByteInbox

    init(_ inbox: ByteInbox) {
        self.inbox = inbox
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        inbox.append(unwrapInboundIn(data))
    }

    func channelInactive(context: ChannelHandlerContext) {
        inbox.close()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}

/// Sends bytes before all others.
private final class Preface: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let bytes: [UInt8]

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    func channelActive(context: ChannelHandlerContext) {
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: bytes)), promise: nil)
        context.fireChannelActive()
    }
}
