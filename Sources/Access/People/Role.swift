/// What a person is allowed to do, in three steps.
public enum Role: String, Sendable, Hashable, CaseIterable, Codable {
    /// Sees everything and moves nothing.
    case viewer
    /// Also moves gates, adds notes and acknowledges alerts.
    case `operator`
    /// Also manages people, tokens and devices.
    case admin

    /// The permissions that come with the role.
    public var permissions: Set<Permission> {
        switch self {
        case .viewer: [.read]
        case .operator: [.read, .command, .note]
        case .admin: Set(Permission.allCases)
        }
    }
}
