import Hummingbird
import NIOCore

extension RequestBody {
    /// The whole body, of at most `limit` bytes, sent in the time that the limits in force give.
    ///
    /// - Throws: a problem with status 408 if the client is too slow; `NIOTooManyBytesError` if it sends too much.
    func collected(
        upTo limit: Int = WebContext.bodyLimit, within patience: Duration = .seconds(HTTPLimits.current.bodySeconds)
    ) async throws -> ByteBuffer {
        try await withThrowingTaskGroup(of: ByteBuffer?.self) { group in
            group.addTask { try await self.collect(upTo: limit) }
            group.addTask {
                try await Task.sleep(for: patience)
                return nil
            }
            defer { group.cancelAll() }
            guard let buffer = try await group.next() ?? nil else {
                throw Problem(
                    status: .requestTimeout, detail: "The body did not come within \(patience).",
                    headers: [.connection: "close"])
            }
            return buffer
        }
    }
}

extension Request {
    /// The same, kept so that the body can be read again.
    mutating func collectedBody() async throws -> ByteBuffer {
        let buffer = try await body.collected()
        body = RequestBody(buffer: buffer)
        return buffer
    }
}
