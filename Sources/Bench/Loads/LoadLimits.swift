public import NIOCore

/// After which times a load is given up. What was delivered until then is counted.
public struct LoadLimits: Sendable, Hashable {
    /// For connecting and subscribing.
    public var setUp: TimeAmount
    /// Without a delivery or an acknowledgement.
    public var quiet: TimeAmount
    /// For the messages of one load.
    public var total: TimeAmount

    public init(setUp: TimeAmount = .seconds(20), quiet: TimeAmount = .seconds(5), total: TimeAmount = .seconds(180)) {
        self.setUp = setUp
        self.quiet = quiet
        self.total = total
    }
}
