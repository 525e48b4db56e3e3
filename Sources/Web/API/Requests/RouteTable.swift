import Hummingbird

/// Adds routes, and for every path that has any answers to the other methods: 405 with `Allow`, and `OPTIONS`.
struct RouteTable {
    typealias Handler = @Sendable (Request, WebContext) async throws -> Response

    private let router: Router<WebContext>
    private(set) var methods: [(path: String, methods: [HTTPRequest.Method])] = []

    init(router: Router<WebContext>) { self.router = router }

    /// Adds `GET`, and with it `HEAD`.
    mutating func get(_ path: String, _ handler: @escaping Handler) {
        router.get(RouterPath(path), use: handler)
        router.head(RouterPath(path)) { request, context in
            try await handler(request, context).createHeadResponse()
        }
        note(path, [.get, .head])
    }

    mutating func post(_ path: String, _ handler: @escaping Handler) {
        router.post(RouterPath(path), use: handler)
        note(path, [.post])
    }

    mutating func delete(_ path: String, _ handler: @escaping Handler) {
        router.delete(RouterPath(path), use: handler)
        note(path, [.delete])
    }

    /// Adds what answers the methods that no route was added for. Called once, after the last route.
    func close() {
        for (path, methods) in methods {
            let allowed = (methods + [.options]).map(\.rawValue).joined(separator: ", ")
            router.on(RouterPath(path), method: .options) { _, _ in
                Response(status: .noContent, headers: [.allow: allowed])
            }
            for method in RouteTable.allMethods where !methods.contains(method) {
                router.on(RouterPath(path), method: method) { _, _ -> Response in
                    throw Problem(
                        status: .methodNotAllowed, detail: "Allowed here: \(allowed).", headers: [.allow: allowed]
                    )
                }
            }
        }
    }

    private mutating func note(_ path: String, _ added: [HTTPRequest.Method]) {
        if let index = methods.firstIndex(where: { $0.path == path }) {
            methods[index].methods += added
        } else {
            methods.append((path, added))
        }
    }

    /// `QUERY`, a GET with a body (draft-ietf-httpbis-safe-method-w-body), has no constant yet.
    private static let queryMethod = [HTTPRequest.Method(rawValue: "QUERY")].compactMap(\.self)
    static let allMethods: [HTTPRequest.Method] =
        [.get, .head, .post, .put, .patch, .delete, .trace] + queryMethod
}
