/// What a caller may do over HTTP. A token names the ones it has; a person's follow from the role.
public enum Permission: String, Sendable, Hashable, CaseIterable, Codable {
    /// See pages and read the API.
    case read
    /// Ask gates to move.
    case command
    /// Add notes and acknowledge alerts.
    case note
    /// Change people, tokens, devices and rules.
    case admin
}
