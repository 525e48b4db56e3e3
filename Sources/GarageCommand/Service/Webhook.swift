import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import Notifications

/// Sends what a webhook is told.
enum Webhook {
    /// How long the receiver may take to answer.
    private static let patience = TimeAmount.seconds(10)

    /// Follows no redirection: the post would become a GET without a body, its answer would be taken for the receiver's,
    /// and the signature would go to a host that nobody has named. It lives as long as the process.
    private static let client = HTTPClient(
        eventLoopGroupProvider: .singleton, configuration: HTTPClient.Configuration(redirectConfiguration: .disallow))

    /// The status of the answer. Throws if there is none in time.
    @Sendable static func post(_ post: WebhookPost) async throws -> Int {
        var request = HTTPClientRequest(url: post.url)
        request.method = .POST
        for (name, value) in post.headers { request.headers.add(name: name, value: value) }
        request.body = .bytes(ByteBuffer(bytes: post.body))
        return Int(try await client.execute(request, timeout: patience).status.code)
    }
}
