import Allocations
import MQTTCodec

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Counted by AddressSanitizer's hook while the hot path runs; one thread.
nonisolated(unsafe) private var allocations = 0

/// Counts what the broker's core allocates for a message in steady traffic, and prints it.
/// - Returns: false if one core alone allocates, but for a buffer that grows now and then, or if it takes more than a copy
///   of the message for the store, or for another shard.
func countAllocations() -> Bool {
    typealias OnAllocation = @convention(c) (UnsafeRawPointer?, Int) -> Void
    typealias OnFree = @convention(c) (UnsafeRawPointer?) -> Void
    typealias Install = @convention(c) (OnAllocation, OnFree) -> CInt
    guard let symbol = dlsym(nil, "__sanitizer_install_malloc_and_free_hooks") else {
        print("the sanitizer's hooks are missing")
        return false
    }
    allocations = 0
    let install = unsafeBitCast(symbol, to: Install.self)
    guard install({ _, _ in allocations += 1 }, { _ in }) != 0 else { return false }
    var isGood = true
    for version in [ProtocolVersion.v3_1_1, .v5] {
        for qos in QoS.allCases {
            for subscribers in [1, 20] {
                let title = "\(version) \(qos) 1 to \(subscribers)"
                let path = HotPath(qos: qos, subscribers: subscribers, version: version)
                if !check(path, title, subscribers, atMost: 0.01) { isGood = false }
                let shards = HotPath(qos: qos, subscribers: subscribers, version: version, shards: 2)
                if !check(shards, "\(title), 2 shards", subscribers, atMost: 5) { isGood = false }
                guard qos != .atMostOnce else { continue }
                let durable = HotPath(qos: qos, subscribers: subscribers, version: version, isDurable: true)
                let limit = qos == .atLeastOnce ? 2.5 : 5
                if !check(durable, "\(title), with a store", subscribers, atMost: limit) { isGood = false }
            }
        }
    }
    return isGood
}

/// Counts and prints the allocations of a path, and says whether everything arrived and they are within their limit.
private func check(_ path: HotPath, _ title: String, _ subscribers: Int, atMost limit: Double) -> Bool {
    _ = path.publish(batches: 200)
    // Making the clients has allocated, so that a counter that does not count is noticed.
    let before = (allocations: allocations, delivered: path.delivered)
    let messages = path.publish(batches: 1000)
    let count = allocations - before.allocations
    let isDelivered = path.delivered - before.delivered == messages * subscribers
    print("\(title): \(count) allocations for \(messages) messages")
    return before.allocations > 0 && isDelivered && Double(count) <= limit * Double(messages)
}
