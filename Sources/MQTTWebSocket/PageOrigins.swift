/// Which web pages may connect by WebSocket.
///
/// A browser tells from which page a connection comes (RFC 6455, 4.1). Pages of other hosts must not reach a broker that
/// lets anonymous clients in because it listens on the loopback interface only.
public struct PageOrigins: Sendable, Hashable {
    /// Origins such as `https://example.org` whose pages may connect in any case.
    public var allowed: [String]
    /// Names of this host beside addresses and `localhost`; `*` stands for every name.
    public var hosts: [String]

    public init(allowed: [String] = [], hosts: [String] = []) {
        self.allowed = allowed
        self.hosts = hosts
    }

    /// Whether a page of `origin` may connect to `host`, both as the request's headers have them. Programs, which are no
    /// pages, send no origin.
    ///
    /// That both are the same is not enough: a page from elsewhere can let its own name point to this host and then is of
    /// the "same host" for the browser (DNS rebinding). Addresses can't be bound anew.
    public func admits(origin: String?, host: String?) -> Bool {
        guard let origin else { return true }
        if allowed.contains(origin) { return true }
        guard let host, let scheme = origin.firstIndex(of: ":") else { return false }
        let name = Self.name(origin[scheme...].drop { $0 == ":" || $0 == "/" })
        return name == Self.name(host[...]) && isOwn(name)
    }

    private func isOwn(_ name: String) -> Bool {
        if name == "localhost" || name.hasSuffix(".localhost") || name.hasPrefix("[") { return true }
        if hosts.contains(where: { $0 == "*" || $0.lowercased() == name }) { return true }
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts.allSatisfy { UInt8($0) != nil }
    }

    /// `example.org:8083` without the port, in lower case; an IPv6 address stays in its brackets.
    private static func name(_ authority: Substring) -> String {
        if authority.hasPrefix("["), let end = authority.firstIndex(of: "]") {
            return authority[...end].lowercased()
        }
        return authority.prefix { $0 != ":" && $0 != "/" }.lowercased()
    }
}
