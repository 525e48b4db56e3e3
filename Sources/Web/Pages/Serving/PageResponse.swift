import Hummingbird
import NIOCore

/// The headers and bodies of the pages' answers.
enum PageResponse {
    /// No script, style, frame or form but our own, and none inside a page.
    static let contentSecurityPolicy =
        "default-src 'self'; img-src 'self' data:; style-src 'self'; script-src 'self'; frame-ancestors 'none'; "
        + "base-uri 'none'; form-action 'self'; object-src 'none'"

    static func html(_ text: String, status: HTTPResponse.Status = .ok, for visit: Visit) -> Response {
        var headers = safeHeaders
        headers[.contentType] = "text/html; charset=utf-8"
        headers[.contentLanguage] = visit.language.rawValue
        headers[.cacheControl] = "private, no-cache"
        headers[.vary] = "Accept-Language, Cookie"
        var response = Response(
            status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
        for choice in visit.choices { response.setCookie(choice) }
        if visit.notice != nil { response.setCookie(Notice.spent) }
        return response
    }

    /// Sends the browser to another page with GET (RFC 9110 §15.4.4).
    static func seeOther(_ location: String, cookie: Cookie? = nil) -> Response {
        var headers = safeHeaders
        headers[.location] = location
        headers[.cacheControl] = "no-store"
        var response = Response(status: .seeOther, headers: headers)
        if let cookie { response.setCookie(cookie) }
        return response
    }

    static func json(_ text: String, status: HTTPResponse.Status) -> Response {
        var headers = safeHeaders
        headers[.contentType] = "application/json"
        headers[.cacheControl] = "no-store"
        return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }

    /// A stream of server-sent events.
    static func eventStream(
        _ write: @escaping @Sendable (inout any ResponseBodyWriter) async throws -> Void
    ) -> Response {
        var headers = safeHeaders
        headers[.contentType] = "text/event-stream; charset=utf-8"
        headers[.cacheControl] = "no-store"
        // A proxy that collects the answer before it passes it on would hold every event back.
        headers[named: "X-Accel-Buffering"] = "no"
        return Response(status: .ok, headers: headers, body: ResponseBody(write))
    }

    static var safeHeaders: HTTPFields {
        var headers = HTTPFields()
        headers[.contentSecurityPolicy] = contentSecurityPolicy
        headers[.xContentTypeOptions] = "nosniff"
        headers[named: "X-Frame-Options"] = "DENY"
        // Not "no-referrer": browsers then send "Origin: null" with our own forms.
        headers[named: "Referrer-Policy"] = "same-origin"
        return headers
    }
}

/// Tells posts of our own pages from posts that another site makes a visitor's browser send.
enum OriginCheck {
    /// Browsers say where a request comes from in `Sec-Fetch-Site` or, the older ones, in `Origin`; one that says
    /// neither comes from no browser, so nobody's session can be abused with it.
    static func isOwn(_ request: Request) -> Bool {
        if let site = request.headers[named: "Sec-Fetch-Site"] {
            return site == "same-origin" || site == "none"
        }
        guard let origin = request.headers[.origin] else { return true }
        guard let authority = request.head.authority, let mark = origin.firstRange(of: "://") else { return false }
        return origin[mark.upperBound...].lowercased() == authority.lowercased()
    }
}

extension HTTPFields {
    /// The value of a header that the library has no constant for.
    subscript(named name: String) -> String? {
        get { Element.Name(name).flatMap { self[$0] } }
        set { if let name = Element.Name(name) { self[name] = newValue } }
    }
}
