import HummingbirdCore
import Logging
import NIOCore
import NIOSSL

/// Puts TLS in front of what a port speaks. Each connection takes the certificate that is in force when it comes.
struct TLSChannel<Base: ServerChildChannel>: ServerChildChannel {
    private let base: Base
    private let context: @Sendable () -> NIOSSLContext

    init(_ base: Base, context: @escaping @Sendable () -> NIOSSLContext) {
        self.base = base
        self.context = context
    }

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Base.Value> {
        channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: context()))
        }.flatMap { base.setup(channel: channel, logger: logger) }
    }

    func handle(value: Base.Value, logger: Logger) async {
        await base.handle(value: value, logger: logger)
    }
}
