import MQTTCodec
import NIOCore
import NIOPosix

/// A server on a real socket that answers as the test tells it, and remembers every packet.
final class ScriptedServer: Sendable {
    typealias Script = @Sendable (Packet, Connection) -> Void

    /// The server's side of one connection. Its functions may be called from anywhere.
    struct Connection: Sendable {
        let channel: any Channel
        let version: ProtocolVersion

        func send(_ packets: Packet...) {
            var out = ByteBuffer()
            for packet in packets { try? packet.encode(into: &out, version: version) }
            send(bytes: out)
        }

        func send(bytes: ByteBuffer) {
            channel.writeAndFlush(bytes, promise: nil)
        }

        func close() {
            channel.close(promise: nil)
        }
    }

    private struct State {
        var packets: [Packet] = []
        var connections: [Connection] = []
        var closed = 0
    }

    private let state = Locked(State())
    private let listener: any Channel

    var port: Int { listener.localAddress?.port ?? 0 }
    var packets: [Packet] { state.withValue { $0.packets } }
    var connections: [Connection] { state.withValue { $0.connections } }
    var closedConnections: Int { state.withValue { $0.closed } }

    private init(listener: any Channel) {
        self.listener = listener
    }

    /// Runs `body` with a server, and stops it afterwards.
    static func run(
        version: ProtocolVersion = .v5, script: @escaping Script = accepting,
        _ body: (ScriptedServer) async throws -> Void
    ) async throws {
        let box = Locked<ScriptedServer?>(nil)
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let handler = ConnectionHandler(version: version, script: script, server: box)
                    try channel.pipeline.syncOperations.addHandler(handler)
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let server = ScriptedServer(listener: listener)
        box.withValue { $0 = server }
        do {
            try await body(server)
        } catch {
            await server.stop()
            throw error
        }
        await server.stop()
    }

    private func stop() async {
        try? await listener.close().get()
        for connection in connections { try? await connection.channel.close().get() }
    }

    /// Accepts every CONNECT, grants every subscription and acknowledges every message.
    static let accepting: Script = { packet, connection in
        switch packet {
        case .connect: connection.send(.connack(Connack(sessionPresent: false, reasonCode: .success)))
        case .subscribe(let subscribe):
            let codes = subscribe.subscriptions.map { ReasonCode.granted($0.qos) }
            connection.send(.suback(Suback(packetID: subscribe.packetID, reasonCodes: codes)))
        case .unsubscribe(let unsubscribe):
            let codes = unsubscribe.filters.map { _ in ReasonCode.success }
            connection.send(.unsuback(Unsuback(packetID: unsubscribe.packetID, reasonCodes: codes)))
        case .publish(let publish):
            guard let id = publish.packetID else { return }
            let ack = Acknowledgement(packetID: id)
            connection.send(publish.qos == .atLeastOnce ? .puback(ack) : .pubrec(ack))
        case .pubrel(let ack): connection.send(.pubcomp(Acknowledgement(packetID: ack.packetID)))
        case .pingreq: connection.send(.pingresp)
        default: break
        }
    }

    private final class ConnectionHandler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private let version: ProtocolVersion
        private let script: Script
        private let server: Locked<ScriptedServer?>
        private var decoder: PacketDecoder

        init(version: ProtocolVersion, script: @escaping Script, server: Locked<ScriptedServer?>) {
            self.version = version
            self.script = script
            self.server = server
            decoder = PacketDecoder(version: version)
        }

        private var state: Locked<State>? { server.withValue { $0?.state } }

        func channelActive(context: ChannelHandlerContext) {
            let connection = Connection(channel: context.channel, version: version)
            state?.withValue { $0.connections.append(connection) }
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            var bytes = unwrapInboundIn(data)
            decoder.append(&bytes)
            while let packet = try? decoder.next() {
                state?.withValue { $0.packets.append(packet) }
                script(packet, Connection(channel: context.channel, version: version))
            }
        }

        func channelInactive(context: ChannelHandlerContext) {
            state?.withValue { $0.closed += 1 }
        }
    }
}
