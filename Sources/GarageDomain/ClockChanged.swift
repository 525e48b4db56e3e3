/// The machine's clock was set: it now tells another time than the one that has passed would give.
public struct ClockChanged: Hashable, Sendable, Codable {
    /// By how much, in milliseconds; negative if it was set back.
    public var milliseconds: Int64

    public init(milliseconds: Int64) { self.milliseconds = milliseconds }
}
