import MQTTBroker
import MQTTWebSocket
import NIOCore
import NIOPosix
import ProxyProtocol

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
    let terms: ConnectionTerms
    /// For kinds with TLS.
    let handshakes: HandshakeGate

    var name: String {
        switch place {
        case .address(let address): "\(kind.rawValue) \(address)"
        case .path(let path): "\(kind.rawValue) \(path)"
        }
    }

    /// Whether clients that come now may exceed the Receive Maximum.
    private var isLenient: Bool {
        switch place {
        case .address(let address): terms.current.isLenient(kind, at: address)
        case .path: terms.current.isLenient(kind, at: nil)
        }
    }

    func open(group: MultiThreadedEventLoopGroup) async throws -> OpenListener {
        if case .path(let path) = place { try SocketFile.clear(path) }
        let listener = try await listen(group)
        if case .path(let path) = place { try SocketFile.restrict(path) }
        return listener
    }

    private func listen(_ group: MultiThreadedEventLoopGroup) async throws -> OpenListener {
        #if os(Linux)
            if let listener = try await listenOnSockets() { return listener }
        #endif
        let channel: any Channel
        switch place {
        case .address(let address):
            channel = try await bootstrap(group)
                .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
                .bind(host: address.host, port: address.port).get()
        case .path(let path): channel = try await bootstrap(group).bind(unixDomainSocketPath: path).get()
        }
        return OpenListener(port: channel.localAddress?.port) { try? await channel.close().get() }
    }

    #if os(Linux)
        /// Listens for connections that need no channel: bytes as they are, on the broker's own loops. `nil` if this
        /// is not for such.
        private func listenOnSockets() async throws -> OpenListener? {
            let pairs = loops.compactMap { loop in (loop.eventLoop as? SocketLoop).map { ($0, loop) } }
            guard kind == .tcp || kind == .unix, !configuration.proxyProtocol.contains(kind),
                pairs.count == loops.count, let first = pairs.first
            else { return nil }
            let address =
                switch place {
                case .address(let address):
                    try SocketAddress.makeAddressResolvingHost(address.host, port: address.port)
                case .path(let path): try SocketAddress(unixDomainSocketPath: path)
                }
            let (gate, name) = (gate, name)
            let (listener, port) = try await first.0.submit {
                let listener = try SocketListener.open(
                    at: address, loops: pairs.map { (sockets: $0.0, loop: $0.1) }, gate: gate, name: name,
                    isLenient: { isLenient })
                return (NIOLoopBound(listener, eventLoop: first.0), listener.port)
            }.get()
            return OpenListener(port: port) { try? await first.0.submit { listener.value.end() }.get() }
        }
    #endif

    private func bootstrap(_ group: MultiThreadedEventLoopGroup) -> ServerBootstrap {
        // Where the broker's loops are channel loops, connections go to them in turn; NIO knows how to do that for one
        // loop and for a whole group.
        let children: any EventLoopGroup =
            loops.count == 1 && group.makeIterator().contains { $0 === loops[0].eventLoop } ? loops[0].eventLoop : group
        let pause = FloodPause(gate: gate)
        let bootstrap = ServerBootstrap(group: group, childGroup: children)
        // One at a time where one at most can be held back.
        if kind.isSecure { _ = bootstrap.serverChannelOption(.maxMessagesPerRead, value: 1) }
        return
            bootstrap
            .serverChannelInitializer { [handshakes, isSecure = kind.isSecure] channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHandler(pause)
                    if isSecure { try pipeline.addHandler(HandshakeListener(gate: handshakes)) }
                }
            }
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
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    do {
                        try accept(channel)
                        pause.note(isAdmitted: true)
                    } catch {
                        pause.note(isAdmitted: false)
                        throw error
                    }
                }
            }
    }

    /// Sets up a connection that has just been accepted; one that is refused is closed by NIO.
    private func accept(_ channel: any Channel) throws {
        let accepted = NIODeadline.now().uptimeNanoseconds
        guard configuration.proxyProtocol.contains(kind) else {
            return try configure(channel, source: channel.remoteAddress, accepted: accepted)
        }
        // A Unix socket has no address, and who may reach it may be trusted.
        if let address = channel.remoteAddress.flatMap({ IPAddress($0) }),
            !terms.current.trustedProxies.contains(where: { $0.contains(address) })
        {
            gate.refuseProxy(channel.remoteAddress)
            throw ChannelError.inappropriateOperationForState
        }
        let limit = TimeAmount.seconds(Int64(terms.current.connectTimeout))
        try channel.pipeline.syncOperations.addHandler(
            ProxyHeaderHandler(timeLimit: limit) { channel, source in
                channel.eventLoop.makeCompletedFuture {
                    try configure(channel, source: source ?? channel.remoteAddress, accepted: accepted)
                }
            })
    }

    /// Sets up the handlers of a connection whose address is known.
    private func configure(_ channel: any Channel, source: SocketAddress?, accepted: UInt64) throws {
        guard gate.admit(channel, source) else { throw ChannelError.inappropriateOperationForState }
        let peer = Peer(
            address: Peer.text(source), listener: name, isLenient: isLenient,
            accepted: accepted)
        let asksForCertificate =
            kind.isSecure && configuration.security.map { $0.clientCertificates != .none } ?? false
        let makeHandler = try handlerMaker(channel.eventLoop, peer, asksForCertificate: asksForCertificate)
        let pipeline = channel.pipeline.syncOperations
        if kind.isSecure {
            guard let security else { throw ChannelError.inappropriateOperationForState }
            try pipeline.addHandlers(security.makeHandler(), HandshakeEnd(gate: handshakes))
        }
        switch kind {
        case .tcp, .tls, .unix: try pipeline.addHandler(makeHandler())
        case .webSocket, .secureWebSocket:
            let terms = terms.current
            let upgrade = WebSocketUpgrade(timeLimit: .seconds(Int64(terms.connectTimeout)), origins: terms.origins) {
                channel in
                try channel.pipeline.syncOperations.addHandler(makeHandler())
            }
            try upgrade.configure(channel)
        }
    }

    /// What makes the handler of a connection: a broker's loop serves it itself, or has its bytes brought over.
    private func handlerMaker(
        _ eventLoop: any EventLoop, _ peer: Peer, asksForCertificate: Bool
    ) throws -> @Sendable () -> any ChannelHandler {
        if let loop = loops.first(where: { $0.eventLoop === eventLoop }) {
            return { ConnectionHandler(loop: loop, peer: peer, asksForCertificate: asksForCertificate) }
        }
        guard let loop = loops.randomElement() else { throw ChannelError.inappropriateOperationForState }
        return { BridgeHandler(loop: loop, peer: peer, asksForCertificate: asksForCertificate) }
    }
}
