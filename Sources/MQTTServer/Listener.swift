import MQTTBroker
import MQTTWebSocket
import NIOCore
import NIOPosix

/// One listening socket and how its connections are set up.
struct Listener {
    enum Kind: String, CustomStringConvertible {
        case tcp
        case webSocket = "ws"

        var description: String { rawValue }
    }

    let kind: Kind
    let address: MQTTServer.HostPort
    let configuration: MQTTServer.Configuration
    let loops: [BrokerLoop]

    func bind(group: MultiThreadedEventLoopGroup) async throws -> any Channel {
        let name = "\(kind) \(address)"
        let loops = self.loops
        let kind = self.kind
        let limits = configuration.limits
        let allowedOrigins = configuration.allowedOrigins
        // Connections go to the loops in turn; NIO knows how to do that for one loop and for a whole group.
        let children: any EventLoopGroup = loops.count == 1 ? loops[0].eventLoop : group
        let bootstrap = ServerBootstrap(group: group, childGroup: children)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            // Small to begin with, as the buffer stays with an idle connection; 16 KiB at most, so that what is read
            // and what is written because of it stay in the processor's cache.
            .childChannelOption(
                .recvAllocator, value: AdaptiveRecvByteBufferAllocator(minimum: 64, initial: 64, maximum: 16_384)
            )
            .childChannelOption(.maxMessagesPerRead, value: 4)
            .childChannelOption(
                .writeBufferWaterMark, value: ChannelOptions.Types.WriteBufferWaterMark(low: 65_536, high: 262_144)
            )
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    guard let loop = loops.first(where: { $0.eventLoop === channel.eventLoop }) else {
                        throw ChannelError.inappropriateOperationForState
                    }
                    switch kind {
                    case .tcp:
                        try channel.pipeline.syncOperations.addHandler(ConnectionHandler(loop: loop, listener: name))
                    case .webSocket:
                        let upgrade = WebSocketUpgrade(
                            maximumPacketSize: limits.maximumPacketSize,
                            timeLimit: .seconds(Int64(limits.connectTimeout)), allowedOrigins: allowedOrigins
                        ) { channel in
                            try channel.pipeline.syncOperations.addHandler(
                                ConnectionHandler(loop: loop, listener: name))
                        }
                        try upgrade.configure(channel)
                    }
                }
            }
        return try await bootstrap.bind(host: address.host, port: address.port).get()
    }
}
