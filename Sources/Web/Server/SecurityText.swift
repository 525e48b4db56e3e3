import GarageDomain
import Hummingbird

/// `GET /.well-known/security.txt`: where weaknesses of this installation are to be reported (RFC 9116).
struct SecurityText: Sendable {
    /// How long the answer may be relied on; RFC 9116 §2.5.5 recommends less than a year.
    private static let validDays: Int64 = 180

    /// URIs, the preferred one first; while there is none, the file is not there.
    let contacts: @Sendable () -> [String]
    let now: @Sendable () -> Timestamp

    func addRoutes(to routes: inout RouteTable) {
        routes.get("/.well-known/security.txt") { _, _ in
            guard let text else { throw HTTPError(.notFound) }
            return Response(
                status: .ok,
                headers: [.contentType: "text/plain; charset=utf-8", .cacheControl: "public, max-age=86400"],
                body: ResponseBody(byteBuffer: .init(string: text)))
        }
    }

    /// The date changes once a day, so that copies of one day are the same.
    var text: String? {
        let contacts = contacts()
        guard !contacts.isEmpty else { return nil }
        let day: Int64 = 86_400_000_000
        let today = now().microseconds / day
        let expires = Timestamp(microseconds: (today + Self.validDays) * day)
        return contacts.map { "Contact: \($0)\n" }.joined() + "Expires: \(expires.rfc3339)\n"
    }
}
