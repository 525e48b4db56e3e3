import Hummingbird

/// Answers the methods that a page's path has no route for: `OPTIONS` with `Allow`, the others with 405 and `Allow`
/// (RFC 9110 §15.5.6).
enum PageMethods {
    /// Called once, after the last route of the pages was added. Paths that answer `OPTIONS` already are left alone.
    static func close(_ router: Router<WebContext>) {
        let known = Dictionary(grouping: router.routes, by: \.path.description)
        for routes in known.values {
            guard let path = routes.first?.path else { continue }
            var methods = Set(routes.map(\.method))
            guard !methods.contains(.options) else { continue }
            if methods.contains(.get) { methods.insert(.head) }
            let allowed = (methods.map(\.rawValue).sorted() + ["OPTIONS"]).joined(separator: ", ")
            router.on(path, method: .options) { _, _ in
                var headers = PageResponse.safeHeaders
                headers[.allow] = allowed
                return Response(status: .noContent, headers: headers)
            }
            for method in RouteTable.allMethods where !methods.contains(method) {
                router.on(path, method: method) { request, _ -> Response in
                    if PageErrors.isPage(request) { throw PageProblem.badMethod(allowed: allowed) }
                    throw Problem(
                        status: .methodNotAllowed, detail: "Allowed here: \(allowed).", headers: [.allow: allowed])
                }
            }
        }
    }
}
