/// The topics behind the topic aliases of one connection, from the client to the broker (MQTT 5.0 section 3.3.2.3.4).
struct AliasTable {
    private var topics: [UnsafeMutableRawBufferPointer?] = []

    /// The topic of an alias, or `nil`. Valid until the alias is set again.
    func topic(_ alias: UInt16) -> UnsafeRawBufferPointer? {
        let index = Int(alias) - 1
        guard index >= 0, index < topics.count else { return nil }
        return topics[index].map { UnsafeRawBufferPointer($0) }
    }

    /// Sets an alias of 1 and above.
    mutating func set(_ alias: UInt16, to topic: UnsafeRawBufferPointer) {
        let index = Int(alias) - 1
        guard index >= 0 else { return }
        while topics.count <= index { topics.append(nil) }
        topics[index]?.deallocate()
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: topic.count, alignment: 1)
        copy.copyMemory(from: topic)
        topics[index] = copy
    }

    mutating func deallocate() {
        for topic in topics { topic?.deallocate() }
        topics = []
    }
}
