import GarageDomain

/// Which user reports each gate. Names in firmware and announcements are free, so without this a device could pass for
/// another's gate: tell that it is closed, and be sent its commands.
struct GateOwners: Sendable {
    /// So many gates have owners; what comes to more is anybody's.
    private static let most = 1000

    private var users: [Subject: String] = [:]

    /// The user to whom the gate belongs, if that is not the sender's.
    func other(than sender: SenderRights, of gate: Subject) -> String? {
        guard let owner = users[gate], owner != sender.user, !sender.isRemoved(owner) else { return nil }
        return owner
    }

    /// Makes a user the owner of a gate.
    ///
    /// - Returns: whether it was another's before.
    @discardableResult
    mutating func claim(_ gate: Subject, by user: String) -> Bool {
        let owner = users[gate]
        guard owner != nil || users.count < Self.most else { return false }
        users[gate] = user
        return owner != nil && owner != user
    }
}
