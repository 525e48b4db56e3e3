/// The limits that decisions follow.
public struct GarageSettings: Hashable, Sendable {
    /// How long a dispatched command may take to reach its final state, in milliseconds.
    public var commandTimeoutMilliseconds: Int64
    /// How long a request stays valid if it does not say so itself, in seconds.
    public var commandLifetimeSeconds: Int
    /// The longest life that a request can ask for, in seconds.
    public var longestCommandLifetimeSeconds: Int

    public init(
        commandTimeoutMilliseconds: Int64 = 60_000, commandLifetimeSeconds: Int = 10,
        longestCommandLifetimeSeconds: Int = 60
    ) {
        self.commandTimeoutMilliseconds = commandTimeoutMilliseconds
        self.commandLifetimeSeconds = commandLifetimeSeconds
        self.longestCommandLifetimeSeconds = longestCommandLifetimeSeconds
    }
}
