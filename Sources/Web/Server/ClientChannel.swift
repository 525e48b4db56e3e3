import HummingbirdCore
import Logging
import NIOCore
import ProxyProtocol

/// Finds out whose each connection is, before anything else is done with it: that of its other end, or, behind a
/// balancer, that of the client whom the PROXY header in front of it names.
struct ClientChannel<Base: ServerChildChannel>: ServerChildChannel {
    /// A connection whose client is known.
    struct Known: Sendable {
        let client: SocketAddress?
        let base: Base
        let value: Base.Value
    }

    struct Value: ServerChildChannelValue {
        let channel: any Channel
        let known: EventLoopFuture<Known>
    }

    /// Whether a balancer has this address; `nil` if clients connect themselves, and no header is looked for.
    let isBalancer: (@Sendable (SocketAddress) -> Bool)?
    let admission: HTTPAdmission
    /// How long the header may take.
    let timeLimit: @Sendable () -> TimeAmount
    /// What serves a connection of a client with this address.
    let base: @Sendable (_ client: SocketAddress?) -> Base

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        guard let isBalancer else {
            let known = serve(channel, of: channel.remoteAddress, logger)
            return known.map { _ in Value(channel: channel, known: known) }
        }
        guard let peer = channel.remoteAddress, isBalancer(peer) else {
            admission.refuseUntrusted(channel.remoteAddress)
            // Not this future must fail, but the other: who listens closes no connection whose setup has failed.
            let known: EventLoopFuture<Known> =
                channel.eventLoop.makeFailedFuture(ChannelError.inappropriateOperationForState)
            return channel.eventLoop.makeSucceededFuture(Value(channel: channel, known: known))
        }
        return channel.eventLoop.makeCompletedFuture {
            let promise = channel.eventLoop.makePromise(of: Known.self)
            channel.closeFuture.whenComplete { _ in promise.fail(ChannelError.eof) }
            try channel.pipeline.syncOperations.addHandler(
                ProxyHeaderHandler(timeLimit: timeLimit()) { channel, source in
                    let known = serve(channel, of: source ?? channel.remoteAddress, logger)
                    known.cascade(to: promise)
                    return known.map { _ in }
                })
            return Value(channel: channel, known: promise.futureResult)
        }
    }

    func handle(value: Value, logger: Logger) async {
        guard let known = try? await value.known.get() else { return value.channel.close(promise: nil) }
        await WebContext.$client.withValue(known.client) {
            await known.base.handle(value: known.value, logger: logger)
        }
    }

    private func serve(
        _ channel: any Channel, of client: SocketAddress?, _ logger: Logger
    ) -> EventLoopFuture<Known> {
        let base = base(client)
        return base.setup(channel: channel, logger: logger).map { Known(client: client, base: base, value: $0) }
    }
}
