import GarageDomain

/// Times in the API: RFC 3339 in UTC with microseconds, for example `2025-03-01T12:00:03.120000Z`.
enum Instant {
    /// The text of a moment, always 27 characters for the years 0 to 9999.
    static func text(_ time: Timestamp) -> String {
        var bytes: [UInt8] = []
        append(time, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Appends the text of a moment.
    static func append(_ time: Timestamp, to bytes: inout [UInt8]) {
        let day = floored(time.microseconds, by: microsecondsPerDay)
        let date = civil(daysSince1970: day)
        let rest = time.microseconds &- day &* microsecondsPerDay
        if date.year < 0 { bytes.append(UInt8(ascii: "-")) }
        append(Int64(date.year.magnitude), digits: 4, to: &bytes)
        bytes.append(UInt8(ascii: "-"))
        append(date.month, digits: 2, to: &bytes)
        bytes.append(UInt8(ascii: "-"))
        append(date.day, digits: 2, to: &bytes)
        bytes.append(UInt8(ascii: "T"))
        append(rest / 3_600_000_000, digits: 2, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        append(rest / 60_000_000 % 60, digits: 2, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        append(rest / 1_000_000 % 60, digits: 2, to: &bytes)
        bytes.append(UInt8(ascii: "."))
        append(rest % 1_000_000, digits: 6, to: &bytes)
        bytes.append(UInt8(ascii: "Z"))
    }

    /// The moment that an RFC 3339 date-time names, with any offset; `nil` if the text is none. Digits beyond the
    /// microsecond are cut off, and a leap second is the second before it.
    ///
    /// In a query string `+` means a space, so a space is taken for the plus sign of the offset.
    static func time(_ text: String) -> Timestamp? {
        var reader = Reader(bytes: Array(text.utf8))
        guard let year = reader.number(4), reader.take("-"), let month = reader.number(2), reader.take("-"),
            let day = reader.number(2), (1...12).contains(month), (1...days(inMonth: month, of: year)).contains(day),
            reader.take("Tt "), let hour = reader.number(2), reader.take(":"), let minute = reader.number(2),
            reader.take(":"), let second = reader.number(2), hour <= 23, minute <= 59, second <= 60,
            let fraction = reader.fraction(), let offset = reader.offset(), reader.isAtEnd
        else { return nil }
        let seconds =
            daysSince1970(year: year, month: month, day: day) * 86_400 + hour * 3600 + minute * 60 + min(second, 59)
        return Timestamp(microseconds: (seconds - offset * 60) * 1_000_000 + fraction)
    }

    private struct Reader {
        let bytes: [UInt8]
        var index = 0

        var isAtEnd: Bool { index == bytes.count }
        private var next: UInt8? { index < bytes.count ? bytes[index] : nil }

        mutating func take(_ allowed: StaticString) -> Bool {
            guard let next, allowed.withUTF8Buffer({ $0.contains(next) }) else { return false }
            index += 1
            return true
        }

        mutating func digit() -> Int64? {
            guard let next, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(next) else { return nil }
            index += 1
            return Int64(next - UInt8(ascii: "0"))
        }

        mutating func number(_ digits: Int) -> Int64? {
            var value: Int64 = 0
            for _ in 0..<digits {
                guard let digit = digit() else { return nil }
                value = value * 10 + digit
            }
            return value
        }

        /// Microseconds; 0 without a fraction.
        mutating func fraction() -> Int64? {
            guard take(".") else { return 0 }
            guard var value = digit() else { return nil }
            var digits = 1
            while let next = digit() {
                if digits < 6 { value = value * 10 + next }
                digits += 1
            }
            while digits < 6 {
                value *= 10
                digits += 1
            }
            return value
        }

        /// Minutes east of UTC.
        mutating func offset() -> Int64? {
            if take("Zz") { return 0 }
            let isWest = next == UInt8(ascii: "-")
            guard take("+- "), let hours = number(2), take(":"), let minutes = number(2), hours <= 23, minutes <= 59
            else {
                return nil
            }
            return (isWest ? -1 : 1) * (hours * 60 + minutes)
        }
    }

    // MARK: - Calendar

    private static let microsecondsPerDay: Int64 = 86_400_000_000

    private static func append(_ value: Int64, digits: Int, to bytes: inout [UInt8]) {
        let start = bytes.count
        var value = value
        for _ in 0..<digits {
            bytes.append(UInt8(ascii: "0") + UInt8(value % 10))
            value /= 10
        }
        bytes[start...].reverse()
    }

    private static func floored(_ value: Int64, by step: Int64) -> Int64 {
        value / step - (value % step < 0 ? 1 : 0)
    }

    private static func days(inMonth month: Int64, of year: Int64) -> Int64 {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// Days of the proleptic Gregorian calendar, counted in eras of 400 years that begin on 1 March.
    private static func daysSince1970(year: Int64, month: Int64, day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let era = floored(shifted, by: 400)
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    private static func civil(daysSince1970 days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = days + 719_468
        let era = floored(shifted, by: 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * monthFromMarch + 2) / 5 + 1)
    }
}
