extension AccessRegistry {
    /// Makes a token and returns its secret, which is shown this once and kept only as a digest.
    /// - Parameters:
    ///   - owner: the person for whom it acts.
    ///   - expires: seconds since 1970; `nil` for never.
    public func addToken(
        _ name: String, scopes: Set<Permission>, owner: String? = nil, expires: Int64?
    ) throws(AccessError) -> String {
        guard Person.isName(name) else { throw .badName(name) }
        let secret = APIToken.prefix + RandomSecret.text(24)
        let token = APIToken(
            name: name, scopes: scopes, owner: owner, created: clock(), expires: expires, lastUsed: nil,
            digest: RandomSecret.digest(secret))
        try change { content throws(AccessError) in
            guard !content.tokens.contains(where: { $0.name == name }) else { throw .exists(name) }
            if let owner, !content.people.contains(where: { $0.name == owner }) { throw .unknown(owner) }
            content.tokens.append(token)
            content.tokens.sort { $0.name < $1.name }
        }
        return secret
    }

    /// The token of this name, unless it has expired or the person for whom it acts has gone.
    public func validToken(named name: String) -> APIToken? {
        let now = clock()
        guard let token = tokens.first(where: { $0.name == name }), token.expires.map({ now < $0 }) ?? true,
            token.owner.map({ person(named: $0) != nil }) ?? true
        else { return nil }
        return token
    }

    /// What a token may do with an MQTT topic: no more than the person for whom it acts.
    ///
    /// On topics of other firmware a command moves something without asking what it is. Whoever has rights to some gates
    /// only, or at some times, or a PIN to give, gives no commands there.
    public func scopes(of token: APIToken, on topic: String) -> Set<Permission> {
        guard let owner = token.owner else { return token.scopes }
        guard let person = person(named: owner) else { return [] }
        var scopes = token.scopes.intersection(person.role.permissions)
        let isLimited = person.gates != nil || person.schedule != nil || person.hasPIN
        if isLimited, !topic.utf8.starts(with: "garage/".utf8) { scopes.remove(.command) }
        return scopes
    }

    /// Revokes a token.
    public func removeToken(_ name: String) throws(AccessError) {
        try change { content throws(AccessError) in
            guard let index = content.tokens.firstIndex(where: { $0.name == name }) else { throw .unknown(name) }
            content.tokens.remove(at: index)
        }
    }
}
