extension AccessRegistry {
    /// Adds a person who may sign in from now on.
    /// - Parameter onlyIfFirst: fails with ``AccessError/exists(_:)`` if there is anyone already.
    public func addPerson(
        _ name: String, password: String, role: Role, gates: Set<String>? = nil, schedule: Schedule? = nil,
        pin: String? = nil, onlyIfFirst: Bool = false
    ) async throws {
        guard Person.isName(name) else { throw AccessError.badName(name) }
        guard password.count >= Self.shortestPassword else { throw AccessError.shortPassword }
        let passwordHash = try await hash(password)
        let pinHash = try await hashPIN(pin)
        let now = clock()
        try change { content throws(AccessError) in
            if let first = content.people.first, onlyIfFirst || content.people.contains(where: { $0.name == name }) {
                throw .exists(onlyIfFirst ? first.name : name)
            }
            guard role == .admin || !content.people.isEmpty else { throw .firstIsAdmin }
            content.people.append(
                Person(
                    name: name, role: role, created: now, gates: gates, schedule: schedule, password: passwordHash,
                    pin: pinHash))
            content.people.sort { $0.name < $1.name }
        }
    }

    /// Changes a person's rights. The sessions stay; they have the new rights at once.
    public func changeRights(
        of name: String, role: Role, gates: Set<String>?, schedule: Schedule?
    ) throws(AccessError) {
        try change { content throws(AccessError) in
            let index = try Self.index(of: name, in: content)
            if role != .admin { try Self.requireOtherAdmin(than: name, in: content) }
            content.people[index].role = role
            content.people[index].gates = gates
            content.people[index].schedule = schedule
        }
    }

    /// Sets a new password and ends the person's sessions.
    public func changePassword(of name: String, to password: String) async throws {
        guard password.count >= Self.shortestPassword else { throw AccessError.shortPassword }
        let passwordHash = try await hash(password)
        try change { content throws(AccessError) in
            content.people[try Self.index(of: name, in: content)].password = passwordHash
            content.sessions.removeAll { $0.person == name }
        }
    }

    /// Sets or removes the PIN that opening a gate takes.
    public func changePIN(of name: String, to pin: String?) async throws {
        let pinHash = try await hashPIN(pin)
        try change { content throws(AccessError) in
            content.people[try Self.index(of: name, in: content)].pin = pinHash
        }
    }

    /// Removes a person, ends the sessions and revokes the tokens that act for that person: they must not act for
    /// somebody who gets the name later. The last admin stays while there is anyone else.
    public func removePerson(_ name: String) throws(AccessError) {
        try change { content throws(AccessError) in
            let index = try Self.index(of: name, in: content)
            if content.people.count > 1 { try Self.requireOtherAdmin(than: name, in: content) }
            content.people.remove(at: index)
            content.sessions.removeAll { $0.person == name }
            content.tokens.removeAll { $0.owner == name }
        }
    }

    /// Ends the session with this secret.
    public func signOut(_ secret: String) throws(AccessError) {
        let digest = RandomSecret.digest(secret)
        try change { $0.sessions.removeAll { $0.digest == digest } }
    }

    /// Ends all sessions of a person, on every browser.
    public func signOutEverywhere(_ name: String) throws(AccessError) {
        try change { $0.sessions.removeAll { $0.person == name } }
    }

    private func hashPIN(_ pin: String?) async throws -> PasswordHash? {
        guard let pin else { return nil }
        guard (4...12).contains(pin.utf8.count), pin.utf8.allSatisfy({ (48...57).contains($0) }) else {
            throw AccessError.badPIN
        }
        return try await hash(pin)
    }

    private static func index(of name: String, in content: AccessFile.Content) throws(AccessError) -> Int {
        guard let index = content.people.firstIndex(where: { $0.name == name }) else { throw .unknown(name) }
        return index
    }

    private static func requireOtherAdmin(than name: String, in content: AccessFile.Content) throws(AccessError) {
        guard content.people.contains(where: { $0.role == .admin && $0.name != name }) else { throw .lastAdmin(name) }
    }
}
