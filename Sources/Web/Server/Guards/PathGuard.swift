import Hummingbird

/// Refuses paths with empty parts. The router passes over them, so that `//settings` would lead where `/settings` leads
/// while whatever decides by the path takes it for another one; and in a link `//name` is another host.
struct PathGuard: RouterMiddleware {
    func handle(
        _ request: Request, context: WebContext, next: (Request, WebContext) async throws -> Response
    ) async throws -> Response {
        guard !PathGuard.hasEmptyPart(request.uri.path) else {
            return Problem(status: .notFound, detail: "A path has no empty parts.").response(instance: "/")
        }
        return try await next(request, context)
    }

    /// Whether two slashes follow each other.
    static func hasEmptyPart(_ path: String) -> Bool {
        zip(path.utf8, path.utf8.dropFirst()).contains { $0 == UInt8(ascii: "/") && $1 == UInt8(ascii: "/") }
    }
}
