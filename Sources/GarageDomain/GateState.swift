/// Where a gate is. The raw value is the word used in topics, events and the API.
public enum GateState: String, Sendable, Hashable, CaseIterable, Codable {
    case open, opening, closed, closing, stopped

    /// Whether the gate is moving.
    public var isMoving: Bool { self == .opening || self == .closing }
}
