import Hummingbird
import NIOCore

/// Refuses requests that were sent to a name which is not this service's.
///
/// A page from elsewhere can let its own name point to this machine's address and then be "same origin" for the browser
/// (DNS rebinding). Addresses can't be bound anew, so a numeric host always passes, as do the names of loopback.
struct HostGuard: RouterMiddleware {
    /// `*` lets every name in.
    let allowed: AllowedNames

    func handle(
        _ request: Request, context: WebContext, next: (Request, WebContext) async throws -> Response
    ) async throws -> Response {
        guard context.isControl || isOwn(request.head.authority) else {
            return Problem(
                status: .misdirectedRequest, type: "unknown-host", title: "This service has another name",
                detail: "If it shall have this one too, add it to http.allowed_hosts."
            ).response(instance: request.uri.path)
        }
        return try await next(request, context)
    }

    /// Whether an authority (RFC 3986 §3.2) names this service.
    func isOwn(_ authority: String?) -> Bool {
        // HTTP/1.0 and tools without a name for us: no browser sends that.
        guard let authority, !authority.isEmpty else { return true }
        let allowed = allowed.current
        if allowed.contains("*") { return true }
        let host = HostGuard.host(of: authority)
        if host == "localhost" || host.hasSuffix(".localhost") { return true }
        if allowed.contains(where: { $0.lowercased() == host }) { return true }
        return (try? SocketAddress(ipAddress: host, port: 0)) != nil
    }

    /// The host without port, brackets and the dot at its end, in lower case.
    private static func host(of authority: String) -> String {
        var host = authority.lowercased()[...]
        if host.hasPrefix("["), let end = host.firstIndex(of: "]") {
            host = host[host.index(after: host.startIndex)..<end]
        } else if let colon = host.lastIndex(of: ":") {
            host = host[..<colon]
        }
        if host.hasSuffix(".") { host = host.dropLast() }
        return String(host)
    }
}
