public import NIOCore
import NIOWebSocket

/// Carries MQTT in binary WebSocket frames (MQTT 5.0 section 6): of what comes, a packet may span frames and a frame hold
/// many packets; what goes has a frame for each packet.
public final class WebSocketFrames: ChannelDuplexHandler {
    public typealias InboundIn = ByteBuffer
    public typealias InboundOut = ByteBuffer
    public typealias OutboundIn = ByteBuffer
    public typealias OutboundOut = ByteBuffer

    private var reader = WebSocketReader()
    private var writer = WebSocketWriter()
    private var unread = ByteBuffer()
    private var hasSentClose = false

    public init() {}

    public func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var more = unwrapInboundIn(data)
        if unread.readableBytes == 0 { unread = more } else { unread.writeBuffer(&more) }
        do {
            while !hasSentClose, let piece = try reader.next(from: &unread) { take(piece, context) }
        } catch {
            // MQTT is binary; the connection must be closed [MQTT-6.0.0-1].
            sendClose(error == .text ? .unacceptableData : .protocolError, context)
            context.close(promise: nil)
        }
        // The rest is short: it must not keep a large buffer alive.
        unread = hasSentClose ? ByteBuffer() : ByteBuffer(bytes: unread.readableBytesView)
    }

    public func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        context.write(wrapOutboundOut(writer.frames(of: unwrapOutboundIn(data))), promise: promise)
    }

    public func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        if mode != .input { sendClose(.normalClosure, context) }
        context.close(mode: mode, promise: promise)
    }

    private func take(_ piece: WebSocketReader.Piece, _ context: ChannelHandlerContext) {
        switch piece {
        case .data(let bytes): context.fireChannelRead(wrapInboundOut(bytes))
        case .ping(let payload):
            // Who asks without reading the answers gets none: they would pile up (RFC 6455 section 5.5.3 asks for the
            // answer to the latest ping only).
            guard context.channel.isWritable, let pong = writer.answer(to: payload) else { return }
            context.writeAndFlush(wrapOutboundOut(pong), promise: nil)
        case .close(var payload):
            // Answered with the same code (RFC 6455 section 5.5.1).
            sendClose(payload.readWebSocketErrorCode() ?? .normalClosure, context)
            context.close(promise: nil)
        }
    }

    private func sendClose(_ code: WebSocketErrorCode, _ context: ChannelHandlerContext) {
        guard !hasSentClose, context.channel.isActive else { return }
        hasSentClose = true
        guard let goodbye = writer.goodbye(code) else { return }
        context.writeAndFlush(wrapOutboundOut(goodbye), promise: nil)
    }
}
