import MQTTCodec
import NIOCore
import NIOPosix

/// A broker of a few lines on a real socket, honest or with one fault.
enum Responder {
    /// What it does other than a broker should.
    enum Fault: Sendable, Equatable {
        case refusesConnections
        case refusesSubscriptions
        /// Doesn't pass on the message with this number (counted over all publishers, from 0).
        case loses(Int)
        /// Passes on this message twice.
        case repeats(Int)
        /// Passes on this message behind the next one.
        case delays(Int)
        /// Passes on a message that nobody published, in place of this one.
        case forges(Int)
        case neverAcknowledges
        /// Acknowledges the first message twice.
        case acknowledgesTwice
        /// Delivers everything with QoS 0.
        case downgrades
        /// Closes the publisher's connection at this message.
        case hangsUp(Int)
        case sendsGarbage
    }

    /// Runs `body` with the port of a responder.
    static func run<Value>(_ fault: Fault? = nil, _ body: (Int) async throws -> Value) async throws -> Value {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let loop = group.next()
        let bound = try await loop.submit { NIOLoopBound(Board(fault: fault), eventLoop: loop) }.get()
        let listener = try await ServerBootstrap(group: group)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Peer(board: bound.value))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let result: Result<Value, any Error>
        do { result = .success(try await body(listener.localAddress?.port ?? 0)) } catch { result = .failure(error) }
        try await listener.close().get()
        try await group.shutdownGracefully()
        return try result.get()
    }
}

/// Who subscribed to what, and where faults happen. Used on the responder's event loop only.
private final class Board {
    let fault: Responder.Fault?
    private var peers: [Peer] = []
    private var count = 0
    private var held: Publish?

    init(fault: Responder.Fault?) { self.fault = fault }

    func add(_ peer: Peer) { peers.append(peer) }
    func remove(_ peer: Peer) { peers.removeAll { $0 === peer } }

    func publish(_ publish: Publish, from peer: Peer) {
        let number = count
        count += 1
        switch fault {
        case .loses(number): return
        case .repeats(number):
            deliver(publish)
            deliver(publish)
        case .delays(number): held = publish
        case .forges(number):
            var forged = publish
            forged.payload.setInteger(UInt32(0), at: forged.payload.readerIndex)
            deliver(forged)
        case .hangsUp(number): peer.close()
        default:
            deliver(publish)
            if let late = held {
                held = nil
                deliver(late)
            }
        }
    }

    private func deliver(_ publish: Publish) {
        for peer in peers where peer.wants(publish.topic) { peer.deliver(publish, downgraded: fault == .downgrades) }
    }
}

private final class Peer: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let board: Board
    private var decoder = PacketDecoder(version: .v3_1_1)
    private var context: ChannelHandlerContext?
    private var filters: [String] = []
    private var lastID: UInt16 = 0
    private var hasAcknowledged = false

    init(board: Board) { self.board = board }

    func wants(_ topic: String) -> Bool { filters.contains { Topic.matches(filter: $0, topic: topic) } }

    func deliver(_ publish: Publish, downgraded: Bool) {
        var copy = publish
        lastID = lastID == .max ? 1 : lastID + 1
        if downgraded { copy.qos = .atMostOnce }
        copy.packetID = copy.qos == .atMostOnce ? nil : lastID
        send(.publish(copy))
    }

    func close() { context?.close(promise: nil) }

    private func send(_ packet: Packet) {
        guard let context else { return }
        var bytes = ByteBuffer()
        try? packet.encode(into: &bytes, version: .v3_1_1)
        context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
    }

    func channelActive(context: ChannelHandlerContext) {
        self.context = context
        board.add(self)
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.context = nil
        board.remove(self)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        decoder.append(&bytes)
        while self.context != nil, let packet = try? decoder.next() { receive(packet) }
    }

    private func receive(_ packet: Packet) {
        switch packet {
        case .connect:
            let code: ReasonCode = board.fault == .refusesConnections ? .notAuthorized : .success
            send(.connack(Connack(sessionPresent: false, reasonCode: code)))
        case .subscribe(let subscribe):
            filters += subscribe.subscriptions.map(\.filter)
            let refused = board.fault == .refusesSubscriptions
            let codes = subscribe.subscriptions.map { refused ? .unspecifiedError : ReasonCode.granted($0.qos) }
            send(.suback(Suback(packetID: subscribe.packetID, reasonCodes: codes)))
        case .publish(let publish):
            if board.fault == .sendsGarbage {
                context?.writeAndFlush(
                    wrapOutboundOut(ByteBuffer(bytes: [0x30, 0xFF, 0xFF, 0xFF, 0xFF, 1])), promise: nil)
            }
            board.publish(publish, from: self)
            guard let id = publish.packetID, board.fault != .neverAcknowledges else { return }
            let answer = Acknowledgement(packetID: id)
            send(publish.qos == .atLeastOnce ? .puback(answer) : .pubrec(answer))
            if board.fault == .acknowledgesTwice, !hasAcknowledged {
                send(publish.qos == .atLeastOnce ? .puback(answer) : .pubrec(answer))
            }
            hasAcknowledged = true
        case .pubrec(let answer): send(.pubrel(Acknowledgement(packetID: answer.packetID)))
        case .pubrel(let answer): send(.pubcomp(Acknowledgement(packetID: answer.packetID)))
        case .pingreq: send(.pingresp)
        default: break
        }
    }
}
