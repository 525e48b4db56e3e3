/// A message kept for later delivery: one block of memory with topic, properties and payload, shared by all sessions
/// of a shard that wait for it and counted by hand. It must not leave its shard.
struct Message {
    struct Header {
        var references: Int32
        var sizeClass: Int32
        var topicCount: Int32
        var propertyCount: Int32
        var payloadCount: Int
        /// On the shard's clock in nanoseconds; 0 means never.
        var expiresAt: UInt64
        /// Only for a session that has a connection; thrown away when that ends.
        var isEphemeral: Bool
        /// Under which the store knows the content; 0 for one that it does not.
        var id: Int64 = 0
    }

    let header: UnsafeMutablePointer<Header>

    private var body: UnsafeRawPointer { UnsafeRawPointer(header + 1) }

    var topic: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: body, count: Int(header.pointee.topicCount))
    }

    /// The MQTT 5 property block without expiry interval, topic alias and subscription identifiers.
    var properties: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: body + Int(header.pointee.topicCount), count: Int(header.pointee.propertyCount))
    }

    var payload: UnsafeRawBufferPointer {
        let offset = Int(header.pointee.topicCount) &+ Int(header.pointee.propertyCount)
        return UnsafeRawBufferPointer(start: body + offset, count: header.pointee.payloadCount)
    }

    /// What the message counts for in a queue's bound of bytes.
    var size: Int {
        Self.size(
            topic: Int(header.pointee.topicCount), properties: Int(header.pointee.propertyCount),
            payload: header.pointee.payloadCount)
    }

    /// The same for a message that has not been made yet.
    @inline(__always)
    static func size(topic: Int, properties: Int, payload: Int) -> Int {
        MemoryLayout<Header>.size &+ topic &+ properties &+ payload
    }

    func isExpired(_ now: UInt64) -> Bool {
        header.pointee.expiresAt != 0 && header.pointee.expiresAt <= now
    }

    @inline(__always)
    func retain() {
        header.pointee.references &+= 1
    }
}

/// Where a shard's messages come from: free lists by power of two, so that a message in steady traffic costs no
/// allocation.
struct MessagePool {
    private static let smallest = 128
    private static let classes = 6
    private static let maximumKept = 1024

    private var free = [[UnsafeMutableRawPointer]](repeating: [], count: MessagePool.classes)

    /// A message with one reference.
    mutating func make(
        topic: UnsafeRawBufferPointer, properties: UnsafeRawBufferPointer, payload: UnsafeRawBufferPointer,
        expiresAt: UInt64, isEphemeral: Bool
    ) -> Message {
        let size = MemoryLayout<Message.Header>.stride + topic.count + properties.count + payload.count
        let (memory, sizeClass) = allocate(size)
        let header = memory.bindMemory(to: Message.Header.self, capacity: 1)
        header.initialize(
            to: Message.Header(
                references: 1, sizeClass: sizeClass, topicCount: Int32(truncatingIfNeeded: topic.count),
                propertyCount: Int32(truncatingIfNeeded: properties.count), payloadCount: payload.count,
                expiresAt: expiresAt, isEphemeral: isEphemeral
            ))
        var body = UnsafeMutableRawPointer(header + 1)
        for part in [topic, properties, payload] {
            guard let source = part.baseAddress, part.count > 0 else { continue }
            body.copyMemory(from: source, byteCount: part.count)
            body += part.count
        }
        return Message(header: header)
    }

    @inline(__always)
    mutating func release(_ message: Message) {
        message.header.pointee.references &-= 1
        if message.header.pointee.references == 0 { free(message) }
    }

    mutating func deallocate() {
        for list in free {
            for memory in list { memory.deallocate() }
        }
        free = []
    }

    private mutating func allocate(_ size: Int) -> (UnsafeMutableRawPointer, Int32) {
        var capacity = Self.smallest
        for index in 0..<Self.classes {
            if size <= capacity {
                let memory =
                    free[index].popLast() ?? UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 16)
                return (memory, Int32(index))
            }
            capacity *= 2
        }
        return (UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 16), -1)
    }

    @inline(never)
    private mutating func free(_ message: Message) {
        let sizeClass = Int(message.header.pointee.sizeClass)
        let memory = UnsafeMutableRawPointer(message.header)
        if sizeClass >= 0, free[sizeClass].count < Self.maximumKept {
            free[sizeClass].append(memory)
        } else {
            memory.deallocate()
        }
    }
}
