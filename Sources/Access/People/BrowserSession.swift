import Foundation

/// A person's sign-in on one browser. The browser has the secret in a cookie; only its digest is kept.
struct BrowserSession: Sendable, Hashable, Codable {
    var digest: Data
    var person: String
    /// What every form of the session carries, so that no other site can post one.
    var formToken: String
    /// Seconds since 1970.
    var created: Int64
    var lastUsed: Int64

    /// A session that was not used for this long, in seconds, has ended: 14 days.
    static let idleLimit: Int64 = 14 * 86_400
    /// However much it is used, a session ends after this time: 90 days.
    static let lifetime: Int64 = 90 * 86_400

    func isAlive(at now: Int64) -> Bool {
        now < lastUsed &+ Self.idleLimit && now < created &+ Self.lifetime
    }
}
