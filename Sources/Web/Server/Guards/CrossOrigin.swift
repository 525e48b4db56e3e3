import Hummingbird

/// Lets pages of other sites use the API from a browser, if their origins are listed; none is unless configured
/// (Fetch Standard §3.3, CORS).
///
/// Cookies are never allowed along: a program in a foreign page brings its own token.
struct CrossOrigin: RouterMiddleware {
    /// For example `https://panel.example`; `*` stands for every origin.
    let allowed: AllowedNames

    func handle(
        _ request: Request, context: WebContext, next: (Request, WebContext) async throws -> Response
    ) async throws -> Response {
        let origins = allowed.current
        guard !origins.isEmpty, request.uri.path.hasPrefix("/api/"), let origin = request.headers[.origin] else {
            return try await next(request, context)
        }
        let isAllowed = origins.contains(origin) || origins.contains("*")
        let isPreflight = request.method == .options && request.headers[.accessControlRequestMethod] != nil
        var response = isPreflight && isAllowed ? Response(status: .noContent) : try await next(request, context)
        response.headers[.vary] = response.headers[.vary].map { $0 + ", Origin" } ?? "Origin"
        guard isAllowed else { return response }
        response.headers[.accessControlAllowOrigin] = origins.contains("*") ? "*" : origin
        response.headers[.accessControlExposeHeaders] = "ETag, Link, Location, Retry-After"
        if isPreflight {
            response.headers[.accessControlAllowMethods] = "GET, HEAD, POST"
            response.headers[.accessControlAllowHeaders] =
                "Authorization, Content-Type, Garage-PIN, Idempotency-Key, If-None-Match, Last-Event-ID"
            response.headers[.accessControlMaxAge] = "600"
        }
        return response
    }
}
