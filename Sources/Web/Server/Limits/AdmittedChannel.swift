import HummingbirdCore
import Logging
import NIOCore

/// Serves the connections that the limits admit, and tells the others so before anything is spent on them.
struct AdmittedChannel<Base: ServerChildChannel>: ServerChildChannel {
    enum Outcome: Sendable {
        case admitted(Base.Value)
        case refused(HTTPAdmission.Refusal)
    }

    struct Value: ServerChildChannelValue {
        let channel: any Channel
        let outcome: Outcome
    }

    let base: Base
    let admission: HTTPAdmission
    let client: SocketAddress?
    /// The client expects TLS, and would not understand an answer.
    let isEncrypted: Bool

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        if let refusal = admission.admit(channel, from: client) {
            return channel.eventLoop.makeSucceededFuture(Value(channel: channel, outcome: .refused(refusal)))
        }
        return base.setup(channel: channel, logger: logger).map { Value(channel: channel, outcome: .admitted($0)) }
    }

    func handle(value: Value, logger: Logger) async {
        switch value.outcome {
        case .admitted(let connection): await base.handle(value: connection, logger: logger)
        case .refused(let refusal):
            if !isEncrypted { await tell(refusal, value.channel) }
            try? await value.channel.close()
        }
    }

    /// Writes the answer and gives the client a moment to read it: to close on bytes that nobody read would take the
    /// answer away from it.
    private func tell(_ refusal: HTTPAdmission.Refusal, _ channel: any Channel) async {
        guard admission.beginFarewell() else { return }
        defer { admission.endFarewell() }
        let status = refusal.isOfAll ? "503 Service Unavailable" : "429 Too Many Requests"
        let answer = "HTTP/1.1 \(status)\r\nRetry-After: 10\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
        let end = channel.eventLoop.scheduleTask(in: .milliseconds(250)) { channel.close(promise: nil) }
        try? await channel.writeAndFlush(ByteBuffer(string: answer))
        try? await channel.close(mode: .output)
        try? await channel.closeFuture.get()
        end.cancel()
    }
}
