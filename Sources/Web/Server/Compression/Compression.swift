import Hummingbird
import NIOCore

/// Sends text as gzip to clients that accept it (RFC 9110 §12.5.3).
struct Compression: RouterMiddleware {
    /// Shorter answers gain nothing: they fit into one network packet anyway.
    static let shortest = 1024

    func handle(
        _ request: Request, context: WebContext, next: (Request, WebContext) async throws -> Response
    ) async throws -> Response {
        var response = try await next(request, context)
        guard Compression.isText(response.headers[.contentType]), response.headers[.contentEncoding] == nil else {
            return response
        }
        Compression.addVary(to: &response.headers)
        guard Compression.accepts(request.headers[.acceptEncoding]), response.status != .notModified,
            request.method != .head
        else { return response }
        if let length = response.body.contentLength {
            guard length >= Compression.shortest else { return response }
            response.body = try await Compression.whole(response.body)
        } else {
            let body = response.body
            response.body = ResponseBody { writer in
                guard let gzip = Gzip() else { return try await body.write(writer) }
                try await body.write(Writer(parent: writer, gzip: gzip))
            }
        }
        response.headers[.contentEncoding] = "gzip"
        response.headers[.contentLength] = nil
        // The same state of the data in other bytes: such tags are weak (RFC 9110 §8.8.1).
        if let tag = response.headers[.eTag], !tag.hasPrefix("W/") { response.headers[.eTag] = "W/" + tag }
        return response
    }

    private static func whole(_ body: ResponseBody) async throws -> ResponseBody {
        let collector = Collector()
        try await body.write(collector)
        return ResponseBody(byteBuffer: Gzip.whole(collector.bytes) ?? collector.bytes)
    }

    /// Whether a header lets gzip be used: it names `gzip` or `*`, and not with the weight 0.
    static func accepts(_ header: String?) -> Bool {
        guard let header else { return false }
        var any = false
        for item in header.split(separator: ",").prefix(32) {
            let parts = item.split(separator: ";").map { $0.filter { $0 != " " && $0 != "\t" }.lowercased() }
            guard let name = parts.first else { continue }
            let weight = parts.dropFirst().first { $0.hasPrefix("q=") }.flatMap { Double($0.dropFirst(2)) } ?? 1
            if name == "gzip" || name == "x-gzip" { return weight > 0 }
            if name == "*" { any = weight > 0 }
        }
        return any
    }

    /// Live streams are left alone: each of their messages has to leave at once.
    private static func isText(_ type: String?) -> Bool {
        guard let type else { return false }
        let name = type.prefix { $0 != ";" }
        if name == "text/event-stream" { return false }
        return name.hasPrefix("text/") || name.hasSuffix("json") || name.hasSuffix("xml") || name.hasSuffix("jsonl")
            || name.hasSuffix("yaml") || name == "application/openmetrics-text"
    }

    private static func addVary(to headers: inout HTTPFields) {
        let known = headers[.vary]
        if known?.contains("Accept-Encoding") != true {
            headers[.vary] = known.map { $0 + ", Accept-Encoding" } ?? "Accept-Encoding"
        }
    }

    private struct Writer: ResponseBodyWriter {
        var parent: any ResponseBodyWriter
        let gzip: Gzip

        mutating func write(_ buffer: ByteBuffer) async throws {
            let ready = gzip.compress(buffer)
            if ready.readableBytes > 0 { try await parent.write(ready) }
        }

        consuming func finish(_ trailingHeaders: HTTPFields?) async throws {
            try await parent.write(gzip.finish())
            try await parent.finish(trailingHeaders)
        }
    }

    /// Keeps what is written to it.
    private final class Collector: ResponseBodyWriter {
        var bytes = ByteBuffer()

        func write(_ buffer: ByteBuffer) async throws { bytes.writeImmutableBuffer(buffer) }

        func finish(_ trailingHeaders: HTTPFields?) async throws {}
    }
}
