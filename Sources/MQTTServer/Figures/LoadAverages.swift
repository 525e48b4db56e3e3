import Foundation

/// Moving averages over 1, 5 and 15 minutes of things that happen, per minute, as Mosquitto works them out.
struct LoadAverages {
    static let minutes = [1, 5, 15]

    private(set) var perMinute = [0.0, 0.0, 0.0]

    /// So many things have happened in the last `seconds`.
    mutating func add(_ count: Int, in seconds: Double) {
        guard seconds > 0 else { return }
        let rate = Double(count) * 60 / seconds
        for (index, minutes) in Self.minutes.enumerated() {
            let weight = exp(-seconds / Double(minutes * 60))
            perMinute[index] = rate + weight * (perMinute[index] - rate)
        }
    }
}
