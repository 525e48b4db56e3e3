import MQTTWebSocket
import NIOCore
import NIOEmbedded

/// Bytes for a WebSocket listener, from the HTTP request on, or, if the first byte is even, behind a good request. The
/// second byte says into what pieces they are cut; what is handed on must not depend on it.
struct WebSocketCase {
    private static let request = """
        GET /mqtt HTTP/1.1\r
        Host: localhost\r
        Upgrade: websocket\r
        Connection: Upgrade\r
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r
        Sec-WebSocket-Protocol: mqtt\r
        Sec-WebSocket-Version: 13\r
        \r

        """

    func run(_ bytes: [UInt8]) -> [String] {
        guard bytes.count > 2 else { return [] }
        let input = (bytes[0].isMultiple(of: 2) ? Array(Self.request.utf8) : []) + bytes[2...]
        let whole = handedOn(input, pieces: input.count)
        let pieces = handedOn(input, pieces: 1 + Int(bytes[1]) % 61)
        return whole == pieces ? [] : ["cut into pieces the frames mean something else"]
    }

    /// What MQTT gets to see of the bytes.
    private func handedOn(_ bytes: [UInt8], pieces size: Int) -> [UInt8] {
        let channel = EmbeddedChannel()
        let collector = Collector()
        let bound = NIOLoopBound(collector, eventLoop: channel.eventLoop)
        let upgrade = WebSocketUpgrade(timeLimit: .seconds(10), origins: PageOrigins()) {
            try $0.pipeline.syncOperations.addHandler(bound.value)
        }
        try? upgrade.configure(channel)
        if let address = Self.address { channel.connect(to: address, promise: nil) }
        var rest = bytes[...]
        while !rest.isEmpty, channel.isActive {
            _ = try? channel.writeInbound(ByteBuffer(bytes: rest.prefix(size)))
            rest = rest.dropFirst(size)
            while (try? channel.readOutbound(as: ByteBuffer.self)) != nil {}
        }
        channel.embeddedEventLoop.advanceTime(by: .seconds(20))
        _ = try? channel.finish(acceptAlreadyClosed: true)
        return collector.bytes
    }

    private static let address = try? SocketAddress(ipAddress: "127.0.0.1", port: 8083)
}

/// Stands where the broker's handler stands: keeps what comes, and answers.
private final class Collector: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private(set) var bytes: [UInt8] = []

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let read = unwrapInboundIn(data)
        bytes += read.readableBytesView
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: [0xD0, 0])), promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
