import NIOCore
import NIOPosix

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Gives an event loop something to do at each of its turns, without keeping it from its sockets and without letting
/// it sleep.
///
/// A task that asks for the next one is run before the loop looks at its sockets again, for ever; a timer lets the
/// loop sleep, and waking takes longer than many a message. So a turn is a byte in a pipe to the loop itself. Used on
/// the event loop only.
final class Turns: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private var onTurn: (() -> Void)?
    private var channel: (any Channel)?
    private var writeEnd: Int32 = -1
    private var isPending = false

    /// - Parameters:
    ///   - ready: called once turns can be asked for, with the reason if they can't.
    ///   - onTurn: called at each turn that was asked for.
    func open(on loop: any EventLoop, ready: @escaping ((any Error)?) -> Void, onTurn: @escaping () -> Void) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { return ready(IOError(errnoCode: errno, reason: "pipe")) }
        writeEnd = ends[1]
        self.onTurn = onTurn
        let bound = NIOLoopBound((self, ready), eventLoop: loop)
        NIOPipeBootstrap(group: loop)
            .channelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 16))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(bound.value.0) }
            }
            .takingOwnershipOfDescriptor(input: ends[0])
            .whenComplete { result in
                switch result {
                case .success: bound.value.1(nil)
                case .failure(let error): bound.value.1(error)
                }
            }
    }

    /// Asks for one turn, if none is coming already.
    func request() {
        guard !isPending, writeEnd >= 0 else { return }
        var byte: UInt8 = 0
        isPending = write(writeEnd, &byte, 1) == 1
    }

    func close() {
        onTurn = nil
        channel?.close(promise: nil)
        channel = nil
        if writeEnd >= 0 { _ = systemClose(writeEnd) }
        writeEnd = -1
    }

    func handlerAdded(context: ChannelHandlerContext) { channel = context.channel }

    func channelReadComplete(context: ChannelHandlerContext) {
        isPending = false
        onTurn?()
    }
}

private func systemClose(_ descriptor: Int32) -> Int32 { close(descriptor) }
