import Hummingbird
import Metrics
import NIOCore
import Synchronization

/// Reports requests, their durations and open live streams to swift-metrics.
///
/// Routes are labelled by their pattern (`/api/v1/gates/{id}`), never by what clients write, so that nobody can make
/// the number of time series grow.
final class RequestMetrics: RouterMiddleware, Sendable {
    typealias Context = WebContext

    private struct Labels: Hashable {
        var method: String
        var route: String
        var status: Int
    }

    private struct Instruments: Sendable {
        var requests: Counter
        var durations: Timer
    }

    private let instruments = Mutex<[Labels: Instruments]>([:])
    private let openStreams = Mutex(0)
    private let streams = Gauge(label: "garage_http_streams")

    func handle(
        _ request: Request, context: WebContext, next: (Request, WebContext) async throws -> Response
    ) async throws -> Response {
        let clock = ContinuousClock()
        let start = clock.now
        do {
            var response = try await next(request, context)
            report(request, context, status: response.status.code, clock.now - start)
            if response.headers[.contentType]?.hasPrefix("text/event-stream") == true, request.method == .get {
                let body = response.body
                response.body = ResponseBody { [self] writer in
                    countStreams(by: 1)
                    defer { countStreams(by: -1) }
                    try await body.write(writer)
                }
            }
            return response
        } catch {
            let status = (error as? any HTTPResponseError)?.status.code ?? 500
            report(request, context, status: status, clock.now - start)
            throw error
        }
    }

    private func countStreams(by change: Int) {
        let count = openStreams.withLock { count in
            count += change
            return count
        }
        streams.record(count)
    }

    private func report(_ request: Request, _ context: WebContext, status: Int, _ duration: Duration) {
        let labels = Labels(
            method: RequestMetrics.name(of: request.method), route: context.endpointPath ?? "none", status: status)
        let found = instruments.withLock { known in
            if let found = known[labels] { return found }
            let made = RequestMetrics.make(labels)
            known[labels] = made
            return made
        }
        found.requests.increment()
        let (seconds, attoseconds) = duration.components
        found.durations.recordNanoseconds(seconds &* 1_000_000_000 &+ attoseconds / 1_000_000_000)
    }

    private static func make(_ labels: Labels) -> Instruments {
        Instruments(
            requests: Counter(
                label: "garage_http_requests_total",
                dimensions: [
                    ("method", labels.method), ("route", labels.route), ("status", String(labels.status)),
                ]),
            durations: Timer(
                label: "garage_http_request_duration_seconds",
                dimensions: [("method", labels.method), ("route", labels.route)]))
    }

    /// Methods that nobody has heard of are one.
    private static func name(of method: HTTPRequest.Method) -> String {
        switch method {
        case .get, .head, .post, .put, .patch, .delete, .options: method.rawValue
        default: "other"
        }
    }
}
