import Access
import Hummingbird

/// What a request needs, by its path, which `PathGuard` has seen to be written as the router reads it. A route that is not named here needs the most that its method can mean, so that a forgotten one
/// is closed and not open.
enum RequiredPermission: Hashable {
    /// Anyone may ask.
    case none
    /// Anyone who has signed in, whatever the rights.
    case signedIn
    case permission(Permission)

    init(_ request: Request) {
        let path = request.uri.path
        if Self.isPublic(path) {
            self = .none
        } else if Self.isOwnAccount(path) {
            self = .signedIn
        } else if path == "/settings" || path.hasPrefix("/settings/") {
            self = .permission(.admin)
        } else if [.get, .head, .options].contains(request.method) {
            self = .permission(.read)
        } else if ["/commands", "/mode", "/unattended-close", "/unattended-close/resume"].contains(
            where: path.hasSuffix)
        {
            self = .permission(.command)
        } else if path == "/api/v1/events" || path.hasSuffix("/notes") || path.hasSuffix("/acknowledge") {
            self = .permission(.note)
        } else {
            self = .permission(.admin)
        }
    }

    private static func isPublic(_ path: String) -> Bool {
        path == "/login" || path == "/setup" || path == "/healthz" || path == "/readyz" || path == "/favicon.ico"
            || path == "/.well-known/security.txt" || path.hasPrefix("/static/")
            || path.hasPrefix(WebhookEndpoints.prefix)
    }

    private static func isOwnAccount(_ path: String) -> Bool { path == "/logout" || path.hasPrefix("/account") }
}
