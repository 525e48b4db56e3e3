import Hummingbird
import NIOCore

extension RequestBody {
    /// How long a client may take to send a body.
    static let patience: Duration = .seconds(15)

    /// The whole body, of at most ``WebContext/bodyLimit`` bytes, sent within a time.
    ///
    /// - Throws: a problem with status 408 if the client is too slow; `NIOTooManyBytesError` if it sends too much.
    func collected(within patience: Duration = RequestBody.patience) async throws -> ByteBuffer {
        try await withThrowingTaskGroup(of: ByteBuffer?.self) { group in
            group.addTask { try await self.collect(upTo: WebContext.bodyLimit) }
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
