/// A client beside those that are measured, which does the broker no good.
public enum Neighbour: String, Sendable, Hashable, CaseIterable {
    /// It subscribes and never reads, while a publisher sends it whatever the broker takes.
    case deadSubscriber
    /// It publishes what nobody wants, as fast as the broker takes it.
    case flood
}
