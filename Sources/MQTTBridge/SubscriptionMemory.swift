/// Keeps, beyond a restart, what a bridge has subscribed to at the other broker. That broker keeps the subscriptions with
/// the session and can't be asked for them, so this is how those that are no longer wanted are found.
public protocol SubscriptionMemory: Sendable {
    /// The topic filters that may be subscribed to; none if that can't be told.
    func filters() -> Set<String>

    /// Returns when the filters are kept, or it is told elsewhere that they can't be.
    func keep(_ filters: Set<String>)
}
