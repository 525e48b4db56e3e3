/// A parking spot as the events tell it.
public struct SpotStatus: Hashable, Sendable, Codable {
    public var occupied: Bool
    /// When `occupied` last changed.
    public var since: Timestamp

    public init(occupied: Bool, since: Timestamp) {
        self.occupied = occupied
        self.since = since
    }
}
