import Foundation

/// A program's key to the API and to the broker. The secret is shown once; its digest is kept.
public struct APIToken: Sendable, Hashable, Codable {
    /// Unique; the name under which the program's actions are recorded.
    public let name: String
    public let scopes: Set<Permission>
    /// The person for whom it acts: it can do no more than that person, and nothing once the person is gone. `nil` for a
    /// token that stands for itself.
    public let owner: String?
    /// Seconds since 1970.
    public let created: Int64
    /// Seconds since 1970; `nil` for a token that does not expire.
    public let expires: Int64?
    /// Seconds since 1970, to within a minute.
    public internal(set) var lastUsed: Int64?
    let digest: Data

    /// What every token begins with, so that one that got into the wrong place is recognised.
    public static let prefix = "garage_"
}
