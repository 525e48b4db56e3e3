import Hummingbird
import NIOCore

/// Ends a live stream when whoever opened it may not read any more: the session has ended, the token was revoked, the
/// person was removed. It is asked before something is sent, but not more than once a second.
enum StreamGuard {
    /// The response, if it is a live stream guarded; any other as it is.
    static func guarding(_ response: Response, while isAllowed: @escaping @Sendable () -> Bool) -> Response {
        guard response.headers[.contentType]?.hasPrefix("text/event-stream") == true else { return response }
        var response = response
        let body = response.body
        response.body = ResponseBody { writer in
            do {
                try await body.write(Writer(parent: writer, isAllowed: isAllowed))
            } catch is Ended {
                try await writer.finish(nil)
            }
        }
        return response
    }

    private struct Ended: Error {}

    private struct Writer: ResponseBodyWriter {
        var parent: any ResponseBodyWriter
        let isAllowed: @Sendable () -> Bool
        private var asked: ContinuousClock.Instant?

        init(parent: any ResponseBodyWriter, isAllowed: @escaping @Sendable () -> Bool) {
            self.parent = parent
            self.isAllowed = isAllowed
        }

        mutating func write(_ buffer: ByteBuffer) async throws {
            let now = ContinuousClock.now
            if asked.map({ now - $0 >= .seconds(1) }) ?? true {
                guard isAllowed() else { throw Ended() }
                asked = now
            }
            try await parent.write(buffer)
        }

        consuming func finish(_ trailingHeaders: HTTPFields?) async throws {
            try await parent.finish(trailingHeaders)
        }
    }
}
