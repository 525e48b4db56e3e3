/// The topic aliases of one connection, from the broker to the client (MQTT 5.0 section 3.3.2.3.4). The first topics get
/// one each and keep it until the connection ends.
struct SentAliases {
    enum Use: Equatable {
        /// The topic is sent as it is.
        case none
        /// The topic is sent with this alias, which stands for it from then on: `add` must follow.
        case new(UInt16)
        /// The alias is sent alone.
        case known(UInt16)
    }

    /// From this length on, in bytes, a packet with an alias alone is never longer than one with the topic.
    private static let leastLength = 4

    /// How many aliases the client takes; 0 for a client that has not said that it takes any.
    var maximum = 0
    private var lengths: [Int] = []
    private var topics: [UnsafeMutableRawBufferPointer] = []

    /// How to send a topic.
    func use(for topic: UnsafeRawBufferPointer) -> Use {
        guard maximum > 0, topic.count >= Self.leastLength else { return .none }
        for index in lengths.indices where lengths[index] == topic.count {
            if RouteCache.equal(UnsafeRawBufferPointer(topics[index]), topic) {
                return .known(UInt16(truncatingIfNeeded: index &+ 1))
            }
        }
        return topics.count < maximum ? .new(UInt16(truncatingIfNeeded: topics.count &+ 1)) : .none
    }

    /// Keeps a topic that has been sent with the next alias.
    mutating func add(_ topic: UnsafeRawBufferPointer) {
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: topic.count, alignment: 1)
        copy.copyMemory(from: topic)
        topics.append(copy)
        lengths.append(topic.count)
    }

    mutating func deallocate() {
        for topic in topics { topic.deallocate() }
        topics = []
        lengths = []
    }
}
