/// The times of a week at which someone may do something, for example `mon-fri 07:00-19:00, sat 08:00-12:00`, in the site's
/// time zone. A range that ends before it begins goes on into the next day.
public struct Schedule: Sendable, Hashable, Codable, CustomStringConvertible {
    /// One part of it.
    struct Span: Sendable, Hashable {
        /// 0 is Monday.
        var days: ClosedRange<Int>
        /// Minutes since midnight; the end is not included.
        var start: Int
        var end: Int
    }

    private let spans: [Span]
    /// As it was written.
    public let description: String

    private static let dayNames = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]

    /// Reads the text form; `nil` if it is not one. Days are English and short, `daily` stands for all of them.
    public init?(_ text: String) {
        var spans: [Span] = []
        for part in text.lowercased().split(separator: ",") {
            let words = part.split(separator: " ")
            guard words.count == 2, let days = Schedule.days(words[0]) else { return nil }
            let times = words[1].split(separator: "-", omittingEmptySubsequences: false)
            guard times.count == 2, let start = Schedule.minute(times[0]), let end = Schedule.minute(times[1]),
                start != end, start < 1440
            else { return nil }
            spans.append(Span(days: days, start: start, end: end))
        }
        guard !spans.isEmpty else { return nil }
        self.spans = spans
        description = text
    }

    /// Whether the moment lies in it.
    /// - Parameters:
    ///   - weekday: 0 for Monday to 6 for Sunday.
    ///   - minute: since midnight, 0 to 1439.
    public func contains(weekday: Int, minute: Int) -> Bool {
        let dayBefore = (weekday + 6) % 7
        return spans.contains { span in
            if span.start < span.end {
                return span.days.contains(weekday) && (span.start..<span.end).contains(minute)
            }
            return (span.days.contains(weekday) && minute >= span.start)
                || (span.days.contains(dayBefore) && minute < span.end)
        }
    }

    private static func days(_ word: Substring) -> ClosedRange<Int>? {
        if word == "daily" { return 0...6 }
        let ends = word.split(separator: "-", omittingEmptySubsequences: false).map { name in
            dayNames.firstIndex { $0 == name }
        }
        switch ends.count {
        case 1: return ends[0].map { $0...$0 }
        case 2:
            guard let first = ends[0], let last = ends[1], first <= last else { return nil }
            return first...last
        default: return nil
        }
    }

    private static func minute(_ word: Substring) -> Int? {
        let parts = word.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ $0.count == 2 }), let hour = Int(parts[0]),
            let minute = Int(parts[1]),
            (0...24).contains(hour), (0...59).contains(minute), hour < 24 || minute == 0
        else { return nil }
        return hour * 60 + minute
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let schedule = Schedule(text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "'\(text)' is not a schedule")
        }
        self = schedule
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
