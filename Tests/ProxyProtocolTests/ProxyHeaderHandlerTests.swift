import NIOCore
import NIOEmbedded
import ProxyProtocol
import Testing

@Suite("PROXY header at the front of a connection")
struct ProxyHeaderHandlerTests {
    private static let header: [UInt8] =
        [0x0D, 0x0A, 0x0D, 0x0A, 0, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A]
        + [0x21, 0x11, 0, 12, 203, 0, 113, 9, 10, 0, 0, 1, 0xC3, 0x50, 0x07, 0x5B]

    private func open(configure: @escaping ProxyHeaderHandler.Configure) throws -> EmbeddedChannel {
        let channel = EmbeddedChannel()
        try channel.connect(to: SocketAddress(ipAddress: "10.0.0.5", port: 1)).wait()
        try channel.pipeline.syncOperations.addHandler(
            ProxyHeaderHandler(timeLimit: .seconds(3), configure: configure))
        return channel
    }

    @Test("What follows the header waits until the pipeline is set up, and comes whole")
    func order() throws {
        var setup: EventLoopPromise<Void>?
        let channel = try open { channel, source in
            #expect(source?.ipAddress == "203.0.113.9")
            let promise = channel.eventLoop.makePromise(of: Void.self)
            setup = promise
            return promise.futureResult
        }
        try channel.writeInbound(ByteBuffer(bytes: Self.header + [1, 2]))
        try channel.writeInbound(ByteBuffer(bytes: [3]))
        #expect(try channel.readInbound(as: ByteBuffer.self) == nil)
        setup?.succeed()
        #expect(try channel.readInbound(as: ByteBuffer.self) == ByteBuffer(bytes: [1, 2, 3]))
        // It has left, and its deadline with it.
        channel.embeddedEventLoop.advanceTime(by: .seconds(10))
        try channel.writeInbound(ByteBuffer(bytes: [4]))
        #expect(try channel.readInbound(as: ByteBuffer.self) == ByteBuffer(bytes: [4]))
        #expect(channel.isActive)
    }

    @Test("A connection that is refused is closed, and nothing of it passes")
    func refused() throws {
        let channel = try open { channel, _ in channel.eventLoop.makeFailedFuture(ChannelError.eof) }
        try channel.writeInbound(ByteBuffer(bytes: Self.header + [1]))
        #expect(!channel.isActive)
        #expect(try channel.readInbound(as: ByteBuffer.self) == nil)
    }

    @Test("A header that is never whole ends the connection: by time, by the client's end, by the server's")
    func incomplete() throws {
        let ends: [(EmbeddedChannel) -> Void] = [
            { $0.embeddedEventLoop.advanceTime(by: .seconds(3)) },
            { $0.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed) },
            { $0.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent()) },
        ]
        for end in ends {
            let channel = try open { channel, _ in
                Issue.record("set up without a header")
                return channel.eventLoop.makeSucceededVoidFuture()
            }
            try channel.writeInbound(ByteBuffer(bytes: Self.header.dropLast()))
            #expect(channel.isActive)
            end(channel)
            channel.embeddedEventLoop.run()
            #expect(!channel.isActive)
        }
    }
}
