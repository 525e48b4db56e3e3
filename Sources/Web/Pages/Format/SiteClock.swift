import Foundation
import GarageDomain

/// Turns moments into the site's local time and back.
struct SiteClock: Sendable {
    let timeZone: TimeZone

    /// Its IANA name.
    var zoneName: String { timeZone.identifier }

    /// The local reading of the clock at a moment.
    func local(_ moment: Timestamp) -> LocalTime {
        let seconds = moment.microseconds.flooredDivision(by: 1_000_000).clamped(to: LocalTime.representable)
        let offset = timeZone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(seconds)))
        return LocalTime(secondsOnClock: seconds + Int64(offset))
    }

    /// How far the local clock is ahead of UTC at a moment, in seconds.
    func offset(at moment: Timestamp) -> Int {
        let seconds = moment.microseconds.flooredDivision(by: 1_000_000).clamped(to: LocalTime.representable)
        return timeZone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(seconds)))
    }

    /// The first moment at which the clock reads this time; a time that daylight saving skips gives the moment after the
    /// gap.
    func moment(_ time: LocalTime) -> Timestamp {
        let reading = time.secondsOnClock
        // The offset an hour or two before the wanted reading and after it: the earlier moment that reads right wins.
        let candidates = [-86_400, 86_400].map { shift in
            reading - Int64(timeZone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(reading + Int64(shift)))))
        }
        let exact = candidates.filter {
            $0 + Int64(timeZone.secondsFromGMT(for: Date(timeIntervalSince1970: Double($0)))) == reading
        }
        return Timestamp(microseconds: (exact.min() ?? candidates.max() ?? reading) * 1_000_000)
    }

    /// The first moment of the local day that holds this moment, moved by a number of days.
    func startOfDay(_ moment: Timestamp, addingDays days: Int64 = 0) -> Timestamp {
        var time = local(moment)
        time = LocalTime(secondsOnClock: (time.dayNumber + days.clamped(to: -100_000...100_000)) * 86_400)
        return self.moment(time)
    }
}

/// A reading of a clock on the wall, without a time zone.
struct LocalTime: Sendable, Hashable {
    /// The seconds that a clock in UTC would have to be from 1970-01-01T00:00:00 to read the same.
    let secondsOnClock: Int64
    let year: Int64
    let month: Int
    let day: Int

    var dayNumber: Int64 { secondsOnClock.flooredDivision(by: 86_400) }
    private var secondOfDay: Int { Int(secondsOnClock - dayNumber * 86_400) }
    var hour: Int { secondOfDay / 3600 }
    var minute: Int { secondOfDay / 60 % 60 }
    var second: Int { secondOfDay % 60 }
    /// 0 is Sunday.
    var weekday: Int { Int((dayNumber + 4) - (dayNumber + 4).flooredDivision(by: 7) * 7) }

    /// From the year 1 to the year 9999.
    static let representable: ClosedRange<Int64> = -62_135_510_400...253_402_214_400

    init(secondsOnClock: Int64) {
        self.secondsOnClock = secondsOnClock
        // Days to year, month and day of the Gregorian calendar, after Howard Hinnant's `civil_from_days`.
        let days = secondsOnClock.flooredDivision(by: 86_400) + 719_468
        let era = days.flooredDivision(by: 146_097)
        let dayOfEra = days - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        day = Int(dayOfYear - (153 * shifted + 2) / 5 + 1)
        month = Int(shifted < 10 ? shifted + 3 : shifted - 9)
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }

    /// Reads `2026-11-22` or `2026-11-22T18:20` or `2026-11-22T18:20:05`, as a form field sends them; `nil` for
    /// anything else.
    init?(_ text: String) {
        let halves = text.split(separator: "T", omittingEmptySubsequences: false)
        guard (1...2).contains(halves.count) else { return nil }
        let date = halves[0].split(separator: "-", omittingEmptySubsequences: false)
        guard date.count == 3, let year = LocalTime.digits(date[0], 4), let month = LocalTime.digits(date[1], 2),
            let day = LocalTime.digits(date[2], 2)
        else { return nil }
        var clock = [0, 0, 0]
        if halves.count == 2 {
            let parts = halves[1].split(separator: ":", omittingEmptySubsequences: false)
            guard (2...3).contains(parts.count) else { return nil }
            for (index, part) in parts.enumerated() {
                guard let number = LocalTime.digits(part, 2), number < (index == 0 ? 24 : 60) else { return nil }
                clock[index] = number
            }
        }
        // The inverse of the above, `days_from_civil`; a date that does not exist comes out as another one.
        let shiftedYear = Int64(year) - (month <= 2 ? 1 : 0)
        let era = shiftedYear.flooredDivision(by: 400)
        let yearOfEra = shiftedYear - era * 400
        let dayOfYear = Int64((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1)
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        let days = era * 146_097 + dayOfEra - 719_468
        self.init(secondsOnClock: days * 86_400 + Int64(clock[0] * 3600 + clock[1] * 60 + clock[2]))
        guard self.year == Int64(year), self.month == month, self.day == day, year > 0 else { return nil }
    }

    /// `2026-11-22`
    var isoDate: String { "\(LocalTime.padded(Int(year), 4))-\(LocalTime.padded(month))-\(LocalTime.padded(day))" }
    /// `18:20`
    var hourAndMinute: String { "\(LocalTime.padded(hour)):\(LocalTime.padded(minute))" }
    /// `18:20:05`
    var clock: String { "\(hourAndMinute):\(LocalTime.padded(second))" }

    private static func digits(_ text: Substring, _ count: Int) -> Int? {
        guard text.utf8.count == count, text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
        else { return nil }
        return Int(text)
    }

    private static func padded(_ number: Int, _ width: Int = 2) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}

extension Timestamp {
    /// This moment in UTC as RFC 3339, to the second.
    var rfc3339: String {
        let seconds = microseconds.flooredDivision(by: 1_000_000).clamped(to: LocalTime.representable)
        let time = LocalTime(secondsOnClock: seconds)
        return "\(time.isoDate)T\(time.clock)Z"
    }

    /// This moment in UTC as RFC 3339 with milliseconds.
    var rfc3339Milliseconds: String {
        let milliseconds = microseconds.flooredDivision(by: 1000)
        let fraction = String(milliseconds - milliseconds.flooredDivision(by: 1000) * 1000)
        return rfc3339.dropLast() + "." + String(repeating: "0", count: max(0, 3 - fraction.count)) + fraction + "Z"
    }
}

extension Int64 {
    /// The quotient rounded down, also for negative numbers; `divisor` is positive.
    func flooredDivision(by divisor: Int64) -> Int64 {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }

    func clamped(to range: ClosedRange<Int64>) -> Int64 {
        Swift.min(Swift.max(self, range.lowerBound), range.upperBound)
    }
}
