import GarageDomain
import Hummingbird

/// Conditional requests (RFC 9110 §13). The entity tag of everything that follows from the log is the position it was
/// answered at.
enum Conditional {
    static func tag(_ position: Int64) -> String { "\"\(position)\"" }

    /// The tag of an answer that also tells something beside the log, with a number for how that is.
    static func tag(_ position: Int64, revision: Int64?) -> String {
        revision.map { "\"\(position)-\($0)\"" } ?? tag(position)
    }

    /// The tag of an answer that changes with time alone, to the minute.
    static func tag(_ position: Int64, at now: Timestamp) -> String {
        "\"\(position)-\(now.microseconds / 60_000_000)\""
    }

    /// An answer without content if the client has this one, otherwise `nil`.
    static func notModified(_ request: Request, tag: String, cacheControl: String) -> Response? {
        let wanted = request.headers[values: .ifNoneMatch].flatMap { $0.split(separator: ",") }
        let matches = wanted.contains { candidate in
            let candidate = candidate.drop { $0 == " " || $0 == "\t" }
            // If-None-Match compares weakly (RFC 9110 §8.8.3.2).
            let opaque = candidate.hasPrefix("W/") ? candidate.dropFirst(2) : candidate
            return opaque == "*" || trimmed(opaque) == tag[...]
        }
        guard matches else { return nil }
        return Response(status: .notModified, headers: [.eTag: tag, .cacheControl: cacheControl])
    }

    private static func trimmed(_ text: Substring) -> Substring {
        text.lastIndex { $0 != " " && $0 != "\t" }.map { text[...$0] } ?? ""
    }
}
