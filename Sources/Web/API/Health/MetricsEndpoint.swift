import Hummingbird
import NIOCore

/// The text of `GET /metrics` and its `Content-Type`.
public struct MetricsText: Sendable {
    public var contentType: String
    public var text: String

    public init(contentType: String, text: String) {
        self.contentType = contentType
        self.text = text
    }
}

/// `GET /metrics`: what the parts of the service have counted, in the form that the reader accepts.
struct MetricsEndpoint {
    let metrics: @Sendable (_ accept: String?) async -> MetricsText

    @Sendable func read(_ request: Request, _ context: WebContext) async throws -> Response {
        let answer = await metrics(request.headers[.accept])
        return Response(
            status: .ok, headers: [.contentType: answer.contentType, .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: answer.text)))
    }
}
