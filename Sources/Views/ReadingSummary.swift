public import GarageDomain

/// The readings of one interval, for example a local day, in short.
public struct ReadingSummary: Sendable, Hashable {
    public var from: Timestamp
    public var to: Timestamp
    public var minimum: Double
    public var maximum: Double
    public var mean: Double
    public var count: Int

    public init(from: Timestamp, to: Timestamp, minimum: Double, maximum: Double, mean: Double, count: Int) {
        self.from = from
        self.to = to
        self.minimum = minimum
        self.maximum = maximum
        self.mean = mean
        self.count = count
    }
}
