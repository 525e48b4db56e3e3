import MQTTBroker
import MQTTWebSocket
import NIOCore
import NIOPosix

/// One listening socket and how its connections are set up.
struct Listener: Sendable {
    /// Where it listens.
    enum Place: Sendable {
        case address(MQTTServer.HostPort)
        case path(String)
    }

    let kind: MQTTServer.ListenerKind
    let place: Place
    let configuration: MQTTServer.Configuration
    let loops: [BrokerLoop]
    /// The certificates, for kinds with TLS.
    let security: SecurityContext?
    let gate: ConnectionGate

    var name: String {
        switch place {
        case .address(let address): "\(kind.rawValue) \(address)"
        case .path(let path): "\(kind.rawValue) \(path)"
        }
    }

    func bind(group: MultiThreadedEventLoopGroup) async throws -> any Channel {
        switch place {
        case .address(let address):
            return try await bootstrap(group)
                .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
                .bind(host: address.host, port: address.port).get()
        case .path(let path):
            try SocketFile.clear(path)
            let channel = try await bootstrap(group).bind(unixDomainSocketPath: path).get()
            try SocketFile.restrict(path)
            return channel
        }
    }

    private func bootstrap(_ group: MultiThreadedEventLoopGroup) -> ServerBootstrap {
        // Connections go to the loops in turn; NIO knows how to do that for one loop and for a whole group.
        let children: any EventLoopGroup = loops.count == 1 ? loops[0].eventLoop : group
        return ServerBootstrap(group: group, childGroup: children)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            // Small to begin with, as the buffer stays with an idle connection; 16 KiB at most, so that what is read
            // and what is written because of it stay in the processor's cache.
            .childChannelOption(
                .recvAllocator, value: AdaptiveRecvByteBufferAllocator(minimum: 64, initial: 64, maximum: 16_384)
            )
            .childChannelOption(.maxMessagesPerRead, value: 4)
            .childChannelOption(
                .writeBufferWaterMark, value: ChannelOptions.Types.WriteBufferWaterMark(low: 65_536, high: 262_144)
            )
            .childChannelInitializer { channel in channel.eventLoop.makeCompletedFuture { try accept(channel) } }
    }

    /// Sets up a connection that has just been accepted; one that is refused is closed by NIO.
    private func accept(_ channel: any Channel) throws {
        guard configuration.proxyProtocol.contains(kind) else {
            return try configure(channel, source: channel.remoteAddress)
        }
        // A Unix socket has no address, and who may reach it may be trusted.
        if let address = channel.remoteAddress.flatMap({ IPAddress($0) }),
            !configuration.trustedProxies.contains(where: { $0.contains(address) })
        {
            gate.refuseProxy(channel.remoteAddress)
            throw ChannelError.inappropriateOperationForState
        }
        let limit = TimeAmount.seconds(Int64(configuration.limits.connectTimeout))
        try channel.pipeline.syncOperations.addHandler(
            ProxyHeaderHandler(timeLimit: limit) { channel, source in
                try configure(channel, source: source ?? channel.remoteAddress)
            })
    }

    /// Sets up the handlers of a connection whose address is known.
    private func configure(_ channel: any Channel, source: SocketAddress?) throws {
        guard let loop = loops.first(where: { $0.eventLoop === channel.eventLoop }),
            gate.admit(channel, source)
        else { throw ChannelError.inappropriateOperationForState }
        let peer = Peer(
            address: Peer.text(source), listener: name, isLenient: configuration.lenient.contains(kind))
        let asksForCertificate =
            kind.isSecure && configuration.security.map { $0.clientCertificates != .none } ?? false
        let makeHandler: @Sendable () -> ConnectionHandler = {
            ConnectionHandler(loop: loop, peer: peer, asksForCertificate: asksForCertificate)
        }
        let pipeline = channel.pipeline.syncOperations
        if kind.isSecure {
            guard let security else { throw ChannelError.inappropriateOperationForState }
            try pipeline.addHandler(security.makeHandler())
        }
        switch kind {
        case .tcp, .tls, .unix: try pipeline.addHandler(makeHandler())
        case .webSocket, .secureWebSocket:
            let upgrade = WebSocketUpgrade(
                maximumPacketSize: configuration.limits.maximumPacketSize,
                timeLimit: .seconds(Int64(configuration.limits.connectTimeout)),
                allowedOrigins: configuration.allowedOrigins
            ) { channel in
                try channel.pipeline.syncOperations.addHandler(makeHandler())
            }
            try upgrade.configure(channel)
        }
    }
}
