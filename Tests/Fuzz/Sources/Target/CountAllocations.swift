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
/// - Returns: false if it allocates, but for a buffer that grows now and then.
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
                let path = HotPath(qos: qos, subscribers: subscribers, version: version)
                _ = path.publish(batches: 200)
                // Making the clients has allocated, so that a counter that does not count is noticed.
                let before = (allocations: allocations, delivered: path.delivered)
                let messages = path.publish(batches: 1000)
                let count = allocations - before.allocations
                let isDelivered = path.delivered - before.delivered == messages * subscribers
                if before.allocations == 0 || !isDelivered || count * 100 > messages { isGood = false }
                print("\(version) \(qos) 1 to \(subscribers): \(count) allocations for \(messages) messages")
            }
        }
    }
    return isGood
}
