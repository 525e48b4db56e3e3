import MQTTCodec
import NIOCore
import NIOPosix
import Synchronization

/// A broker that does what a test says: it accepts devices, acknowledges, and remembers every packet.
final class ScriptedBroker: Sendable {
    struct Script: Sendable {
        /// The answer to CONNECT.
        var reasonCode = ReasonCode.success
        /// Whether it answers PUBLISH and DISCONNECT, or falls silent after CONNECT and SUBSCRIBE.
        var acknowledges = true
    }

    struct Received: Sendable {
        var clientID: String
        var packet: Packet
    }

    private struct State: Sendable {
        var received: [Received] = []
        var connections: [ObjectIdentifier: Connection] = [:]
        var closedWithoutDisconnect = 0
    }

    fileprivate struct Connection: Sendable {
        var clientID: String
        var version: ProtocolVersion
        var channel: any Channel
        var hasSaidGoodbye = false
    }

    let port: Int
    private let script: Script
    private let listener: any Channel
    private let state: SharedState

    private final class SharedState: Sendable {
        let value = Mutex(State())
    }

    /// Listens on a free port of the loopback address, or on the port given.
    init(_ script: Script = Script(), port: Int = 0) async throws {
        let state = SharedState()
        self.script = script
        self.state = state
        listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Handler(script: script, state: state))
                }
            }
            .bind(host: "127.0.0.1", port: port).get()
        self.port = listener.localAddress?.port ?? 0
    }

    var received: [Received] { state.value.withLock { $0.received } }
    var clients: Set<String> { state.value.withLock { Set($0.connections.values.map(\.clientID)) } }
    var closedWithoutDisconnect: Int { state.value.withLock { $0.closedWithoutDisconnect } }

    var publishes: [(clientID: String, publish: Publish)] {
        received.compactMap { if case .publish(let publish) = $0.packet { ($0.clientID, publish) } else { nil } }
    }

    /// The payloads of a topic, in the order they came in.
    func payloads(_ topic: String) -> [String] {
        publishes.filter { $0.publish.topic == topic }.map { String(buffer: $0.publish.payload) }
    }

    /// Sends a message to one device.
    func publish(_ topic: String, _ payload: String, retain: Bool = false, to clientID: String) async throws {
        let connection = state.value.withLock { state in
            state.connections.values.first { $0.clientID == clientID }
        }
        guard let connection else { return }
        var buffer = ByteBuffer()
        let publish = Publish(topic: topic, payload: ByteBuffer(string: payload), retain: retain)
        try Packet.publish(publish).encode(into: &buffer, version: connection.version)
        try await connection.channel.writeAndFlush(buffer)
    }

    /// Breaks every connection.
    func breakConnections() async {
        for connection in state.value.withLock({ Array($0.connections.values) }) {
            try? await connection.channel.close()
        }
    }

    func stop() async throws {
        try await listener.close()
        await breakConnections()
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        private let script: Script
        private let state: SharedState
        private var decoder = PacketDecoder()

        init(script: Script, state: SharedState) {
            self.script = script
            self.state = state
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            var bytes = unwrapInboundIn(data)
            decoder.append(&bytes)
            do {
                while let packet = try decoder.next() { try answer(packet, context: context) }
            } catch {
                context.close(promise: nil)
            }
        }

        func channelInactive(context: ChannelHandlerContext) {
            let id = ObjectIdentifier(self)
            state.value.withLock { state in
                guard let connection = state.connections.removeValue(forKey: id) else { return }
                if !connection.hasSaidGoodbye { state.closedWithoutDisconnect += 1 }
            }
        }

        private func answer(_ packet: Packet, context: ChannelHandlerContext) throws {
            let id = ObjectIdentifier(self)
            if case .connect(let connect) = packet {
                decoder.version = connect.version
                let connection = Connection(
                    clientID: connect.clientID, version: connect.version, channel: context.channel)
                state.value.withLock { $0.connections[id] = connection }
            }
            state.value.withLock { state in
                state.received.append(
                    Received(clientID: state.connections[id]?.clientID ?? "", packet: packet))
                if case .disconnect = packet { state.connections[id]?.hasSaidGoodbye = true }
            }
            switch packet {
            case .connect:
                try send(.connack(Connack(sessionPresent: false, reasonCode: script.reasonCode)), context: context)
                if script.reasonCode != .success { context.close(promise: nil) }
            case .subscribe(let subscribe):
                let codes = subscribe.subscriptions.map { _ in ReasonCode.grantedQoS1 }
                try send(.suback(Suback(packetID: subscribe.packetID, reasonCodes: codes)), context: context)
            case .publish(let publish):
                guard script.acknowledges, let packetID = publish.packetID else { return }
                try send(.puback(Acknowledgement(packetID: packetID)), context: context)
            case .pingreq: try send(.pingresp, context: context)
            case .disconnect: if script.acknowledges { context.close(promise: nil) }
            default: break
            }
        }

        private func send(_ packet: Packet, context: ChannelHandlerContext) throws {
            var buffer = context.channel.allocator.buffer(capacity: 64)
            try packet.encode(into: &buffer, version: decoder.version)
            context.writeAndFlush(wrapOutboundOut(buffer), promise: nil)
        }
    }
}
