/// A deterministic source of randomness: xoshiro256** by Blackman and Vigna, seeded through SplitMix64.
///
/// The standard library promises no stable sequence for `random(in:using:)`, so the draws that the simulation needs are
/// defined here, with nothing but integer arithmetic and IEEE division: the same seed gives the same fleet everywhere.
struct SeededRandom: Sendable {
    private var state: (UInt64, UInt64, UInt64, UInt64)

    /// - Parameter stream: separates generators of one seed, so that drawing from one does not disturb another.
    init(seed: UInt64, stream: UInt64) {
        let base = SeededRandom.mix(seed, stream)
        state = (
            SeededRandom.mix(base, 1), SeededRandom.mix(base, 2), SeededRandom.mix(base, 3), SeededRandom.mix(base, 4)
        )
    }

    mutating func next() -> UInt64 {
        let scrambled = state.1 &* 5
        let result = ((scrambled << 7) | (scrambled >> 57)) &* 9
        let shifted = state.1 << 17
        state.2 ^= state.0
        state.3 ^= state.1
        state.1 ^= state.2
        state.0 ^= state.3
        state.2 ^= shifted
        state.3 = (state.3 << 45) | (state.3 >> 19)
        return result
    }

    /// A number in `0..<1`.
    mutating func unit() -> Double { SeededRandom.unit(next()) }

    /// Whether an event of this probability happens.
    mutating func chance(_ probability: Double) -> Bool { unit() < probability }

    /// A number in `range`, both ends included.
    mutating func integer(in range: ClosedRange<Int64>) -> Int64 {
        let width = UInt64(bitPattern: range.upperBound &- range.lowerBound)
        guard width < .max else { return Int64(bitPattern: next()) }
        return range.lowerBound &+ Int64(bitPattern: next().multipliedFullWidth(by: width + 1).high)
    }

    /// One of the elements, or `nil` of an empty collection.
    mutating func element<T>(of elements: [T]) -> T? {
        elements.isEmpty ? nil : elements[Int(integer(in: 0...Int64(elements.count - 1)))]
    }

    /// A well spread hash of two numbers (SplitMix64's finaliser).
    static func mix(_ seed: UInt64, _ value: UInt64) -> UInt64 {
        var bits = seed &+ value &* 0x9E37_79B9_7F4A_7C15 &+ 0x9E37_79B9_7F4A_7C15
        bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
        return bits ^ (bits >> 31)
    }

    /// 64 random bits as a number in `0..<1`.
    static func unit(_ bits: UInt64) -> Double { Double(bits >> 11) / 9_007_199_254_740_992 }
}
