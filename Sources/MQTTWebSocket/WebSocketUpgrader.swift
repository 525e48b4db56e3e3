import NIOCore
import NIOHTTP1
import NIOWebSocket

/// Answers an upgrade request as SwiftNIO's own upgrader does, and then reads and writes frames by `WebSocketFrames`, which
/// hold none in memory, instead of by SwiftNIO's decoder and encoder, which take a frame as a whole.
final class WebSocketUpgrader: HTTPServerProtocolUpgrader {
    let supportedProtocol: String
    let requiredUpgradeHeaders: [String]

    private let negotiator: NIOWebSocketServerUpgrader
    private let addHandlers: @Sendable (any Channel) throws -> Void

    /// - Parameters:
    ///   - answer: the headers of the answer to a request, or `nil` to refuse.
    ///   - addHandlers: adds to the upgraded channel what stands behind the frames.
    init(
        answer: @escaping @Sendable (HTTPRequestHead) -> HTTPHeaders?,
        addHandlers: @escaping @Sendable (any Channel) throws -> Void
    ) {
        negotiator = NIOWebSocketServerUpgrader(
            shouldUpgrade: { channel, head in channel.eventLoop.makeSucceededFuture(answer(head)) },
            upgradePipelineHandler: { channel, _ in channel.eventLoop.makeSucceededVoidFuture() })
        supportedProtocol = negotiator.supportedProtocol
        requiredUpgradeHeaders = negotiator.requiredUpgradeHeaders
        self.addHandlers = addHandlers
    }

    func buildUpgradeResponse(
        channel: any Channel, upgradeRequest: HTTPRequestHead, initialResponseHeaders: HTTPHeaders
    ) -> EventLoopFuture<HTTPHeaders> {
        negotiator.buildUpgradeResponse(
            channel: channel, upgradeRequest: upgradeRequest, initialResponseHeaders: initialResponseHeaders)
    }

    func upgrade(context: ChannelHandlerContext, upgradeRequest: HTTPRequestHead) -> EventLoopFuture<Void> {
        let channel = context.channel
        return channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.addHandler(WebSocketFrames())
            try addHandlers(channel)
        }
    }
}
