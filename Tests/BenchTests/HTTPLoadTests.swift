import Bench
import NIOCore
import NIOHTTP1
import NIOPosix
import Testing

@Suite("Loads of requests")
struct HTTPLoadTests {
    /// Answers `/ok` with ten bytes and all else with 404; `/bye` closes.
    private final class Answering: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart

        private var uri = ""
        private var isKnown = false

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .head(let head):
                uri = head.uri
                isKnown = head.headers["If-None-Match"] == ["\"7\""]
            case .body: break
            case .end:
                if uri == "/bye" { return context.close(promise: nil) }
                if isKnown {
                    let head = HTTPResponseHead(version: .http1_1, status: .notModified)
                    context.write(wrapOutboundOut(.head(head)), promise: nil)
                    return context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
                }
                var head = HTTPResponseHead(version: .http1_1, status: uri == "/ok" ? .ok : .notFound)
                head.headers.add(name: "Content-Length", value: "10")
                if uri == "/ok" { head.headers.add(name: "ETag", value: "\"7\"") }
                context.write(wrapOutboundOut(.head(head)), promise: nil)
                context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: "0123456789")))), promise: nil)
                context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
            }
        }
    }

    private func run(
        _ path: String, connections: Int = 4, requests: Int = 101, isConditional: Bool = false
    ) async throws -> HTTPResult {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let listener = try await ServerBootstrap(group: group)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(Answering())
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let generator = HTTPLoadGenerator(host: "127.0.0.1", port: listener.localAddress?.port ?? 0)
        let load = HTTPLoad(
            name: "test", path: path, connections: connections, requests: requests, isConditional: isConditional)
        let result = try await generator.run(load)
        try await listener.close().get()
        try await group.shutdownGracefully()
        return result
    }

    @Test("Each request is answered and timed once")
    func counts() async throws {
        let result = try await run("/ok")
        #expect(result.answered == 101 && result.failures.isEmpty && result.fault == nil)
        #expect(result.bodyBytes == 1010 && result.latency?.samples == 101)
        #expect(result.rate > 0)
    }

    @Test("A conditional load asks for the tag once, and counts answers without content")
    func conditional() async throws {
        let result = try await run("/ok", isConditional: true)
        #expect(result.answered == 101 && result.failures.isEmpty && result.fault == nil)
        #expect(result.bodyBytes == 0 && result.latency?.samples == 101)
        #expect(try await run("/nothing", isConditional: true).fault == .noTag)
    }

    @Test("More connections than requests")
    func idle() async throws {
        #expect(try await run("/ok", connections: 10, requests: 3).answered == 3)
    }

    @Test("Other statuses are no answers")
    func failures() async throws {
        let result = try await run("/nothing")
        #expect(result.answered == 0 && result.failures == [404: 101] && result.rate == 0)
        #expect(CaseFigures(result).remarks == ["101 answers with status 404"])
    }

    @Test("A closed connection ends the load")
    func closed() async throws {
        let result = try await run("/bye")
        #expect(result.fault == .closedByServer && result.answered == 0)
    }
}
