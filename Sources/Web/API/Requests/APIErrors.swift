import Hummingbird
import Logging
import NIOCore

/// Answers errors of the API's routes, and requests for routes that it does not have, with problem documents, and puts on
/// every answer what keeps a browser from taking it for something else.
struct APIErrors: RouterMiddleware {
    func handle(
        _ request: Request, context: WebContext, next: (Request, WebContext) async throws -> Response
    ) async throws -> Response {
        guard APIErrors.covers(request.uri.path) else { return try await next(request, context) }
        var response: Response
        do {
            response = try await next(request, context)
        } catch {
            response = APIErrors.problem(error, request, context).response(instance: request.uri.path)
        }
        response.headers[.xContentTypeOptions] = "nosniff"
        return response
    }

    private static func covers(_ path: String) -> Bool {
        path.hasPrefix("/api/")
            || [
                "/healthz", "/readyz", "/metrics", "/openapi.json", "/asyncapi.json", "/.well-known/security.txt",
            ].contains(path)
    }

    private static func problem(_ error: any Error, _ request: Request, _ context: WebContext) -> Problem {
        switch error {
        case let problem as Problem: return problem
        case let error as HTTPError:
            let detail = error.status == .notFound ? "There is nothing at \(request.uri.path)." : error.body
            return Problem(status: error.status, detail: detail, headers: error.headers)
        case AccessRefusal.signIn:
            return Problem(
                status: .unauthorized, detail: "Sign in first.", headers: [.wwwAuthenticate: "Bearer realm=\"garage\""])
        case is AccessRefusal:
            return Problem(status: .forbidden, detail: "The caller's rights do not include this.")
        case is NIOTooManyBytesError:
            return Problem(status: .contentTooLarge, detail: "A body may have \(WebContext.bodyLimit) bytes.")
        case is CancellationError:
            return Problem(status: .serviceUnavailable, detail: "The service is being stopped.")
        default:
            context.logger.error(
                "A request could not be answered", metadata: ["path": "\(request.uri.path)", "reason": "\(error)"]
            )
            return Problem(status: .internalServerError, detail: "The log of the service says more.")
        }
    }
}
