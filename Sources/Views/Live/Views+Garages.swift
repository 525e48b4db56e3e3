public import GarageDomain
import Synchronization

extension Views {
    /// The garages that events are about which were applied since the views were opened.
    public func garagesSinceStart() -> Set<Name> { garages.withLock { $0 } }
}
