/// A client of the broker, as far as topic rules tell clients apart.
public struct TopicUser: Sendable, Hashable {
    /// What kind of credentials it came with.
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        case device, token
        /// None; only loopback lets such clients in.
        case anonymous
    }

    public var kind: Kind
    /// The user name; `nil` for an anonymous client.
    public var name: String?
    public var clientID: String
    /// Of a token.
    public var scopes: Set<Permission>
    /// The topics that a device was given beside those that bear its name.
    public var topics: [TopicPattern]

    public init(
        kind: Kind, name: String?, clientID: String, scopes: Set<Permission> = [],
        topics: [TopicPattern] = []
    ) {
        self.kind = kind
        self.name = name
        self.clientID = clientID
        self.scopes = scopes
        self.topics = topics
    }
}
