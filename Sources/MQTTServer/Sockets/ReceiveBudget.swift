/// How much a loop receives at once, so that what one connection sent does not keep the others waiting: the policy decides
/// what a packet costs, and a few kilobytes may be hundreds of packets. Shrinks at once after something that took long,
/// and grows while what is received is handled fast.
struct ReceiveBudget {
    /// What handling the bytes received at once should take at most, in nanoseconds.
    static let longest: UInt64 = 200_000
    /// The least that is received at once, in bytes.
    static let smallest = 256

    /// The most that is received at once, in bytes.
    let largest: Int
    /// What to receive at once now, in bytes.
    private(set) var size: Int

    init(largest: Int) {
        self.largest = largest
        size = largest
    }

    /// Learns from what was received and how long it took to handle, in nanoseconds.
    mutating func handled(_ bytes: Int, in nanoseconds: UInt64) {
        if nanoseconds > Self.longest {
            let fits = Double(bytes) * Double(Self.longest) / Double(nanoseconds)
            size = min(size, max(Self.smallest, Int(fits)))
        } else if bytes >= size, nanoseconds < Self.longest / 2 {
            size = min(largest, size &* 2)
        }
    }
}
