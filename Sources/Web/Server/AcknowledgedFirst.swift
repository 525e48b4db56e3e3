import Hummingbird
import Views

/// Lets a reader see what was acknowledged before the request came: who publishes a reading, waits for the broker's
/// acknowledgement and then asks, finds it in the answer.
///
/// The log acknowledges when it has stored; the views follow it a moment later. A request waits for that moment, but not
/// for long: during a flood the views are behind by more, and a page that is a little old beats one that does not come.
struct AcknowledgedFirst: RouterMiddleware {
    let views: Views

    func handle(
        _ request: Request, context: WebContext, next: (Request, WebContext) async throws -> Response
    ) async throws -> Response {
        if AcknowledgedFirst.readsViews(request) { await views.waitUntilCurrent(within: .milliseconds(300)) }
        return try await next(request, context)
    }

    /// Streams and exports begin where the views are and go on; checks of health must not depend on the views' pace.
    private static func readsViews(_ request: Request) -> Bool {
        guard request.method == .get || request.method == .head else { return false }
        return !["/static/", "/healthz", "/readyz", "/metrics", "/api/v1/events/stream"].contains {
            request.uri.path.hasPrefix($0)
        }
    }
}
