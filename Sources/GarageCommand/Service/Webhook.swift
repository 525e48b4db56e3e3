import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import Notifications

/// Sends what a webhook is told.
enum Webhook {
    /// How long the receiver may take to answer.
    private static let patience = TimeAmount.seconds(10)

    /// The status of the answer. Throws if there is none in time.
    @Sendable static func post(_ post: WebhookPost) async throws -> Int {
        var request = HTTPClientRequest(url: post.url)
        request.method = .POST
        for (name, value) in post.headers { request.headers.add(name: name, value: value) }
        request.body = .bytes(ByteBuffer(bytes: post.body))
        return Int(try await HTTPClient.shared.execute(request, timeout: patience).status.code)
    }
}
