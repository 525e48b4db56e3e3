import Hummingbird
import NIOCore

/// The files of `web/static` under `/static/<version>/…`. The version is a hash over all of them, so that a browser keeps
/// each for good, and modules find each other by relative paths.
struct StaticFiles: Sendable {
    let files: WebFiles
    /// The texts among the built-in files as gzip, made once.
    private let compressed: [String: ByteBuffer]

    init(files: WebFiles) {
        self.files = files
        var compressed: [String: ByteBuffer] = [:]
        for path in files.areEditable ? [] : files.paths(in: "static") {
            guard let type = StaticFiles.contentType(of: path[...]), !type.hasPrefix("image/png"),
                let file = files.file(path), let small = Gzip.whole(file.content, level: 9),
                small.readableBytes < file.content.readableBytes
            else { continue }
            compressed[path] = small
        }
        self.compressed = compressed
    }

    /// The URL folder in which the current files are.
    var folder: String { "/static/\(files.version)" }

    func answer(_ request: Request, version: String, path: [Substring]) -> Response? {
        guard let last = path.last, let type = StaticFiles.contentType(of: last),
            let file = files.file("static/" + path.joined(separator: "/"))
        else { return nil }
        var headers = PageResponse.safeHeaders
        let tag = "\"\(file.hash)\""
        headers[.eTag] = tag
        headers[.contentType] = type
        let isCurrent = version == files.version && !files.areEditable
        headers[.cacheControl] = isCurrent ? "public, max-age=31536000, immutable" : "no-cache"
        let known = request.headers[.ifNoneMatch]?.split(separator: ",").map { $0.filter { $0 != " " } } ?? []
        if known.contains(where: { $0 == tag || $0 == "W/" + tag || $0 == "*" }) {
            return Response(status: .notModified, headers: headers)
        }
        if let small = compressed["static/" + path.joined(separator: "/")] {
            headers[.vary] = "Accept-Encoding"
            if Compression.accepts(request.headers[.acceptEncoding]) {
                headers[.eTag] = "W/" + tag
                headers[.contentEncoding] = "gzip"
                return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: small))
            }
        }
        return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: file.content))
    }

    private static func contentType(of name: Substring) -> String? {
        guard let dot = name.lastIndex(of: ".") else { return nil }
        return switch name[name.index(after: dot)...] {
        case "css": "text/css; charset=utf-8"
        case "js": "text/javascript; charset=utf-8"
        case "svg": "image/svg+xml"
        case "png": "image/png"
        case "ico": "image/x-icon"
        case "webmanifest": "application/manifest+json"
        case "txt": "text/plain; charset=utf-8"
        default: nil
        }
    }
}
