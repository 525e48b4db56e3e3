import Hummingbird

/// Refuses request targets of more than 8 KiB (RFC 9110 §15.5.15).
struct TargetLimit: RouterMiddleware {
    static let longest = 8 * 1024

    func handle(
        _ request: Request, context: WebContext, next: (Request, WebContext) async throws -> Response
    ) async throws -> Response {
        guard request.uri.string.utf8.count <= TargetLimit.longest else {
            return Problem(status: .uriTooLong, detail: "A request target may have \(TargetLimit.longest) bytes.")
                .response(instance: "/")
        }
        return try await next(request, context)
    }
}
