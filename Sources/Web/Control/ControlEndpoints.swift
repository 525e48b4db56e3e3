import Hummingbird
import NIOCore
import Views

/// What only the control socket offers, below `/api/control`: to everyone else it is not there.
///
/// What takes long answers with a line of JSON now and then, the last of which has `done` or `error`.
struct ControlEndpoints {
    let maintenance: any Maintenance
    /// Forgets what is kept of pages that were made before an erasure.
    let forgetPages: @Sendable () -> Void

    func addRoutes(to router: Router<WebContext>) {
        router.get("/api/control/views", use: status)
        router.post("/api/control/views/rebuild", use: rebuild)
        router.post("/api/control/erase", use: erase)
    }

    @Sendable private func status(_ request: Request, _ context: WebContext) async throws -> Response {
        try check(context)
        let status = maintenance.viewsStatus()
        var json = JSONWriter()
        json.object { json in
            json.member("position", status.position)
            json.member("head", status.head)
            json.member("bytes", status.bytes)
            json.array("views", status.projections) { json, part in
                json.object { json in
                    json.member("name", part.name)
                    json.member("position", part.position)
                    if let stop = part.stop { json.member("stop", "at event \(stop.position): \(stop.reason)") }
                }
            }
        }
        return Answer.json(json, cacheControl: "no-store")
    }

    @Sendable private func rebuild(_ request: Request, _ context: WebContext) async throws -> Response {
        try check(context)
        var query = try QueryReader(request)
        let names = try query.list("view")
        try query.end()
        guard names.allSatisfy(Views.names.contains) else {
            throw Problem.parameter("view", "Not one of \(Views.names.joined(separator: ", ")).")
        }
        return answer { [maintenance] progress in
            try await maintenance.rebuildViews(names.isEmpty ? nil : names, progress: progress)
            return { $0.member("head", maintenance.viewsStatus().head) }
        }
    }

    @Sendable private func erase(_ request: Request, _ context: WebContext) async throws -> Response {
        try check(context)
        var query = try QueryReader(request)
        let actor = try query.text("actor")
        try query.end()
        guard let actor else { throw Problem.parameter("actor", "It says whose traces go.") }
        return answer { [maintenance, forgetPages] progress in
            // Once begun, it goes on to its end even if nobody listens any more.
            let erased = try await Task { try await maintenance.erase(actor: actor, progress: progress) }.value
            forgetPages()
            return { json in
                json.member("events", Int64(erased?.events ?? 0))
                json.member("position", erased?.position)
            }
        }
    }

    private func check(_ context: WebContext) throws {
        guard context.isControl else { throw Problem.notFound("There is nothing here.") }
    }

    private typealias Progress = @Sendable (_ position: Int64, _ head: Int64) -> Void

    /// Answers with the progress of some work, and at its end with what it adds.
    private func answer(
        _ work: @escaping @Sendable (@escaping Progress) async throws -> @Sendable (inout JSONWriter) -> Void
    ) -> Response {
        let body = ResponseBody { writer in
            let (steps, step) = AsyncStream<(position: Int64, head: Int64)>.makeStream(
                bufferingPolicy: .bufferingNewest(1))
            async let end: ByteBuffer = {
                defer { step.finish() }
                do {
                    let members = try await work { _ = step.yield(($0, $1)) }
                    return ControlEndpoints.line { json in
                        json.member("done", true)
                        members(&json)
                    }
                } catch {
                    return ControlEndpoints.line { $0.member("error", ControlEndpoints.reason(error)) }
                }
            }()
            for await (position, head) in steps {
                try await writer.write(
                    ControlEndpoints.line { json in
                        json.member("position", position)
                        json.member("head", head)
                    })
            }
            try await writer.write(await end)
            try await writer.finish(nil)
        }
        return Response(
            status: .ok, headers: [.contentType: "application/x-ndjson", .cacheControl: "no-store"], body: body)
    }

    private static func line(_ members: (inout JSONWriter) -> Void) -> ByteBuffer {
        var json = JSONWriter()
        json.object { members(&$0) }
        return ByteBuffer(bytes: json.bytes + [UInt8(ascii: "\n")])
    }

    private static func reason(_ error: any Error) -> String {
        switch error {
        case ViewsError.busy: "the views are being rebuilt already"
        case ViewsError.storage(let reason): reason
        default: "\(error)"
        }
    }
}
