import Hummingbird

/// Holds requests to the limits in force: the size of their header section, and how many answers may be live streams.
struct RequestLimits: RouterMiddleware {
    let admission: HTTPAdmission

    func handle(
        _ request: Request, context: WebContext, next: (Request, WebContext) async throws -> Response
    ) async throws -> Response {
        guard !context.isControl else { return try await next(request, context) }
        let limits = admission.limits
        let channel = context.channel
        channel.triggerUserOutboundEvent(RequestDeadline.Event.requestBegan, promise: nil)
        let underWay = Hold { channel.triggerUserOutboundEvent(RequestDeadline.Event.requestEnded, promise: nil) }
        let size = request.headers.reduce(0) { $0 + $1.name.rawName.utf8.count + $1.value.utf8.count }
        guard size <= limits.headerBytes else {
            return Problem(
                status: .requestHeaderFieldsTooLarge,
                detail: "The header section of a request may have \(limits.headerBytes) bytes.",
                headers: [.connection: "close"]
            ).response(instance: "/")
        }
        let response = try await HTTPLimits.$current.withValue(limits) { try await next(request, context) }
        guard request.method == .get, response.headers[.contentType]?.hasPrefix("text/event-stream") == true else {
            return Self.keeping(underWay, with: response)
        }
        do {
            let place = try admission.openStream(for: context.peer)
            return Self.keeping(place, with: Self.keeping(underWay, with: response))
        } catch {
            return Problem(
                status: error.reason.isOfAll ? .serviceUnavailable : .tooManyRequests,
                detail: "Too many live streams are open" + (error.reason.isOfAll ? "." : " from this address."),
                headers: [.retryAfter: "10"]
            ).response(instance: request.uri.path)
        }
    }

    /// The response, which holds `hold` until it is written or thrown away.
    private static func keeping(_ hold: Hold, with response: Response) -> Response {
        var response = response
        let body = response.body
        response.body = ResponseBody(contentLength: body.contentLength) { writer in
            try await body.write(writer)
            withExtendedLifetime(hold) {}
        }
        return response
    }
}
