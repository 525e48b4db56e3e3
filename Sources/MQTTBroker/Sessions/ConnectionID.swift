/// Names one connection of a shard. A name kept after the connection's end finds nothing.
public struct ConnectionID: Sendable, Hashable {
    public let slot: UInt32
    public let generation: UInt32

    init(slot: UInt32, generation: UInt32) {
        self.slot = slot
        self.generation = generation
    }
}
