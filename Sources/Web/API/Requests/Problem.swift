import Hummingbird
import NIOCore

/// Why a request is not fulfilled, as an `application/problem+json` document (RFC 9457).
struct Problem: Error {
    /// What is wrong with one part of the request.
    struct Detail: Sendable {
        /// A JSON pointer into the body (RFC 6901), or the name of a query parameter or header.
        enum Place: Sendable {
            case pointer(String)
            case parameter(String)
            case header(String)
        }

        var place: Place
        var text: String
    }

    var status: HTTPResponse.Status
    /// The last part of the problem's type; `nil` is `about:blank`, a problem that the status says all about.
    var type: String?
    var title: String
    var detail: String?
    var errors: [Detail] = []
    /// Further members of the document, all strings.
    var members: [(name: StaticString, value: String)] = []
    var headers = HTTPFields()

    static func notFound(_ what: String) -> Problem {
        Problem(status: .notFound, type: "not-found", title: "Not found", detail: what)
    }

    static func parameter(_ name: String, _ text: String) -> Problem {
        Problem(
            status: .badRequest, type: "invalid-parameter", title: "A query parameter is not valid",
            detail: "\(name): \(text)", errors: [Detail(place: .parameter(name), text: text)]
        )
    }

    static func body(_ errors: [Detail]) -> Problem {
        Problem(
            status: .unprocessableContent, type: "invalid-body", title: "The request body is not valid",
            detail: errors.map(\.text).joined(separator: "; "), errors: errors
        )
    }

    /// A problem that the status alone describes.
    init(status: HTTPResponse.Status, detail: String? = nil, headers: HTTPFields = HTTPFields()) {
        self.status = status
        title = status.reasonPhrase
        self.detail = detail
        self.headers = headers
    }

    init(
        status: HTTPResponse.Status, type: String, title: String, detail: String? = nil, errors: [Detail] = [],
        members: [(name: StaticString, value: String)] = [], headers: HTTPFields = HTTPFields()
    ) {
        self.status = status
        self.type = type
        self.title = title
        self.detail = detail
        self.errors = errors
        self.members = members
        self.headers = headers
    }

    /// The answer to the request with this path.
    func response(instance: String) -> Response {
        var json = JSONWriter()
        json.object { json in
            json.member("type", type.map { "urn:garage:problem:\($0)" } ?? "about:blank")
            json.member("title", title)
            json.member("status", Int64(status.code))
            if let detail { json.member("detail", detail) }
            json.member("instance", instance)
            if !errors.isEmpty {
                json.array("errors", errors) { json, error in
                    json.object { json in
                        switch error.place {
                        case .pointer(let pointer): json.member("pointer", pointer)
                        case .parameter(let name): json.member("parameter", name)
                        case .header(let name): json.member("header", name)
                        }
                        json.member("detail", error.text)
                    }
                }
            }
            for member in members { json.member(member.name, member.value) }
        }
        var headers = headers
        headers[.contentType] = "application/problem+json"
        headers[.cacheControl] = "no-store"
        return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: json.bytes)))
    }
}
