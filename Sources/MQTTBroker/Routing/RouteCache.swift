#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Routes by the bytes of their topic. Bounded: when it is full it starts again, so that a client that publishes to
/// ever new topics costs time but no memory.
struct RouteCache {
    private static let maximumRoutes = 65_536
    private static let maximumBytes = 16_777_216

    private var buckets: [UnsafeMutablePointer<Route>?]
    private var count = 0
    private var topicBytes = 0
    private let seed: UInt64
    /// Changes whenever routes go away, so that nobody follows a pointer to one.
    private(set) var generation: UInt64 = 1

    init(seed: UInt64) {
        self.seed = seed
        buckets = [UnsafeMutablePointer<Route>?](repeating: nil, count: 64)
    }

    /// The topic's route, empty and with epoch 0 if it is new.
    mutating func route(for topic: UnsafeRawBufferPointer) -> UnsafeMutablePointer<Route> {
        let hash = self.hash(topic)
        var candidate = buckets[Int(truncatingIfNeeded: hash) & (buckets.count &- 1)]
        while let route = candidate {
            if route.pointee.hash == hash, Self.equal(route.pointee.topic, topic) { return route }
            candidate = route.pointee.next
        }
        return insert(topic, hash)
    }

    static func equal(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Bool {
        guard left.count == right.count else { return false }
        guard let a = left.baseAddress, let b = right.baseAddress else { return true }
        return memcmp(a, b, left.count) == 0
    }

    mutating func removeAll() {
        for bucket in buckets {
            var candidate = bucket
            while let route = candidate {
                candidate = route.pointee.next
                route.pointee.deallocate()
                route.deinitialize(count: 1)
                route.deallocate()
            }
        }
        buckets = [UnsafeMutablePointer<Route>?](repeating: nil, count: 64)
        count = 0
        topicBytes = 0
        generation &+= 1
    }

    private mutating func insert(_ topic: UnsafeRawBufferPointer, _ hash: UInt64) -> UnsafeMutablePointer<Route> {
        if count >= Self.maximumRoutes || topicBytes > Self.maximumBytes { removeAll() }
        if count >= buckets.count { grow() }
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: topic.count, alignment: 8)
        copy.copyMemory(from: topic)
        let route = UnsafeMutablePointer<Route>.allocate(capacity: 1)
        let bucket = Int(truncatingIfNeeded: hash) & (buckets.count - 1)
        route.initialize(to: Route(hash: hash, topic: UnsafeRawBufferPointer(copy), next: buckets[bucket]))
        buckets[bucket] = route
        count += 1
        topicBytes += topic.count
        return route
    }

    private mutating func grow() {
        let old = buckets
        buckets = [UnsafeMutablePointer<Route>?](repeating: nil, count: old.count * 4)
        for bucket in old {
            var candidate = bucket
            while let route = candidate {
                candidate = route.pointee.next
                let place = Int(truncatingIfNeeded: route.pointee.hash) & (buckets.count - 1)
                route.pointee.next = buckets[place]
                buckets[place] = route
            }
        }
    }

    /// Seeded, so that nobody can choose topics that all fall into one place.
    private func hash(_ topic: UnsafeRawBufferPointer) -> UInt64 {
        var state = seed ^ (UInt64(truncatingIfNeeded: topic.count) &* 0x9E37_79B9_7F4A_7C15)
        var offset = 0
        while topic.count &- offset >= 8 {
            state = Self.mix(state ^ topic.loadUnaligned(fromByteOffset: offset, as: UInt64.self), seed)
            offset &+= 8
        }
        var rest: UInt64 = 0
        while offset < topic.count {
            rest = rest &<< 8 | UInt64(topic[offset])
            offset &+= 1
        }
        return Self.mix(state ^ rest, 0xE703_7ED1_A0B4_28DB ^ seed)
    }

    private static func mix(_ a: UInt64, _ b: UInt64) -> UInt64 {
        let product = a.multipliedFullWidth(by: b | 1)
        return product.high ^ product.low
    }
}
