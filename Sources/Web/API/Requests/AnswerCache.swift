import Hummingbird
import NIOCore
import Synchronization

/// Keeps the newest answers of lists that follow from the log alone, because many clients ask for the same one: until
/// the next event they get the bytes that were made for the first.
final class AnswerCache: Sendable {
    private struct Entry {
        var position: Int64
        var headers: HTTPFields
        var body: ByteBuffer
    }

    private let entries = Mutex<[String: Entry]>([:])
    private static let most = 64
    /// Longer answers are seldom asked for twice, and would take much memory.
    private static let longest = 512 * 1024

    /// The answer to a request target at a position of the log; made by `make` unless it is known.
    func answer(
        _ request: Request, at position: Int64, _ make: () async throws -> (json: JSONWriter, response: Response)
    ) async throws -> Response {
        let target = request.uri.string
        if let entry = entries.withLock({ $0[target] }), entry.position == position {
            return Response(status: .ok, headers: entry.headers, body: ResponseBody(byteBuffer: entry.body))
        }
        let (json, response) = try await make()
        guard json.bytes.count <= AnswerCache.longest else { return response }
        let entry = Entry(position: position, headers: response.headers, body: ByteBuffer(bytes: json.bytes))
        entries.withLock { entries in
            if entries.count >= AnswerCache.most, entries[target] == nil { entries.removeAll(keepingCapacity: true) }
            // A slower request must not put an older answer in the place of a newer one.
            if entries[target]?.position ?? 0 <= position { entries[target] = entry }
        }
        return response
    }
}
