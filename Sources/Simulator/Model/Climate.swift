/// The weather in the garage: a pure function of seed, place and time, so that asking more often changes nothing.
///
/// Temperature follows the day (warmest at 15 h, coldest at 3 h) with a drift over hours and the noise of a DHT11;
/// humidity moves against it. Only the four basic operations are used, because a C library's `sin` may differ in the
/// last digit from one system to the next.
struct Climate: Sendable {
    private static let dayMilliseconds: Int64 = 86_400_000
    private static let driftMilliseconds: Int64 = 6 * 3_600_000

    let seed: UInt64

    /// What a DHT11 reports: temperature in tenths of a degree Celsius inside 0...500, and relative humidity in whole
    /// per cent inside 20...90.
    ///
    /// - Parameter clock: the local time in milliseconds since 1970.
    func reading(sensor: Int, clock: Int64) -> (tenths: Int, humidity: Int) {
        let place = SeededRandom.mix(seed, UInt64(truncatingIfNeeded: sensor))
        let offset = Climate.symmetric(place, salt: 1) * 2
        let amplitude = 3.5 + Climate.symmetric(place, salt: 2)
        let moment = SeededRandom.mix(place, UInt64(bitPattern: clock))
        let temperature =
            17 + offset + amplitude * Climate.dailyWave(clock) + 3 * drift(clock, salt: 3)
            + 0.15 * Climate.symmetric(moment, salt: 4)
        let humidity = 58 - 2.2 * (temperature - 17) + 6 * drift(clock, salt: 5) + Climate.symmetric(moment, salt: 6)
        return (
            Int((min(max(temperature, 0), 50) * 10).rounded()), Int(min(max(humidity, 20), 90).rounded())
        )
    }

    /// A slow change in -1...1: random values six hours apart, joined smoothly.
    private func drift(_ clock: Int64, salt: UInt64) -> Double {
        let block = clock.flooredDivision(by: Climate.driftMilliseconds)
        let share = Double(clock &- block &* Climate.driftMilliseconds) / Double(Climate.driftMilliseconds)
        func knot(_ index: Int64) -> Double {
            Climate.symmetric(SeededRandom.mix(seed, UInt64(bitPattern: index)), salt: salt)
        }
        let smooth = share * share * (3 - 2 * share)
        return knot(block) + (knot(block &+ 1) - knot(block)) * smooth
    }

    /// -1 at 3 h, 1 at 15 h: a sine by Bhaskara's approximation, which is off by less than 0.002.
    static func dailyWave(_ clock: Int64) -> Double {
        let day = clock.flooredDivision(by: dayMilliseconds)
        let hour = Double(clock &- day &* dayMilliseconds) / 3_600_000
        let turn = hour < 9 ? (hour + 15) / 24 : (hour - 9) / 24
        let half = turn < 0.5 ? turn * 2 : turn * 2 - 1
        let product = half * (1 - half)
        let sine = 16 * product / (5 - 4 * product)
        return turn < 0.5 ? sine : -sine
    }

    private static func symmetric(_ bits: UInt64, salt: UInt64) -> Double {
        2 * SeededRandom.unit(SeededRandom.mix(bits, salt)) - 1
    }
}

extension Int64 {
    /// The quotient rounded down, also for times before 1970. The divisor is positive.
    func flooredDivision(by divisor: Int64) -> Int64 {
        let quotient = self / divisor
        return self % divisor < 0 ? quotient - 1 : quotient
    }
}
