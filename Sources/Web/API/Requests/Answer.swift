import Hummingbird
import NIOCore

/// The common parts of the API's answers.
enum Answer {
    /// May be kept, but must be asked for again.
    static let revalidate = "private, no-cache"

    static func json(
        _ json: JSONWriter, status: HTTPResponse.Status = .ok, tag: String? = nil, next: String? = nil,
        previous: String? = nil, cacheControl: String = revalidate
    ) -> Response {
        var headers: HTTPFields = [.contentType: "application/json", .cacheControl: cacheControl]
        if let tag { headers[.eTag] = tag }
        let links = [("next", next), ("prev", previous)].compactMap { name, path in
            path.map { "<\($0)>; rel=\"\(name)\"" }
        }
        if !links.isEmpty { headers[named: "Link"] = links.joined(separator: ", ") }
        return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: json.bytes)))
    }

    /// An answer that is written as it is read, and saved as a file.
    static func file(
        _ name: String, type: String, _ write: @escaping @Sendable (inout any ResponseBodyWriter) async throws -> Void
    ) -> Response {
        Response(
            status: .ok,
            headers: [
                .contentType: type, .cacheControl: "private, no-store",
                .contentDisposition: "attachment; filename=\"\(name)\"",
            ],
            body: ResponseBody { writer in
                try await write(&writer)
                try await writer.finish(nil)
            }
        )
    }

    /// The request's own path and parameters, with some parameters set to other values.
    static func link(_ request: Request, replacing replaced: [String: String]) -> String {
        let kept = (request.uri.query ?? "").split(separator: "&").filter { part in
            let name = part.prefix { $0 != "=" }
            return replaced[PercentCoding.decode(name, plusIsSpace: true) ?? ""] == nil
        }
        let added = replaced.sorted { $0.key < $1.key }.map { "\($0.key)=\(PercentCoding.encode($0.value))" }
        return request.uri.path + "?" + (kept.map(linkSafe) + added).joined(separator: "&")
    }

    /// What a client left unescaped must not end the target of a `Link` header.
    private static func linkSafe(_ part: Substring) -> String {
        var text = ""
        for scalar in part.unicodeScalars {
            let isUnsafe =
                scalar.value <= 0x20 || scalar.value >= 0x7F || scalar == "<" || scalar == ">" || scalar == "\""
            text += isUnsafe ? PercentCoding.encode(String(scalar)) : String(scalar)
        }
        return text
    }
}
