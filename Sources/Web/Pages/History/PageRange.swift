import GarageDomain
import Views

/// The time that a page about the past shows, as it stands in its URL.
struct PageRange: Sendable, Hashable {
    enum Span: String, Sendable, Hashable, CaseIterable {
        case day, week, month, year
        /// Between two local days, both included.
        case custom

        /// `nil` for `custom`.
        var days: Int64? {
            switch self {
            case .day: 1
            case .week: 7
            case .month: 30
            case .year: 365
            case .custom: nil
            }
        }
    }

    var span: Span
    /// As typed, for `custom`.
    var firstDay: LocalTime?
    var lastDay: LocalTime?

    /// Reads a URL's query. What means nothing is left out, because the page then shows what it does show.
    init(_ fields: [(name: String, value: String)], standard: Span) {
        func field(_ name: String) -> String? { fields.first { $0.name == name }?.value }
        span = field("range").flatMap(Span.init) ?? standard
        firstDay = field("from").flatMap(LocalTime.init)
        lastDay = field("to").flatMap(LocalTime.init)
        if span == .custom, firstDay == nil, lastDay == nil { span = standard }
        if span != .custom { (firstDay, lastDay) = (nil, nil) }
        if let first = firstDay, let last = lastDay, first.dayNumber > last.dayNumber {
            (firstDay, lastDay) = (last, first)
        }
    }

    /// Whether what happens from now on belongs to it.
    func includesFuture(in clock: SiteClock, at now: Timestamp) -> Bool {
        guard span == .custom, let lastDay else { return true }
        return lastDay.dayNumber >= clock.local(now).dayNumber
    }

    /// Its ends; at most ten years.
    func moments(in clock: SiteClock, at now: Timestamp) -> (from: Timestamp, to: Timestamp) {
        // A reading of this very moment belongs to it.
        let end = now.adding(milliseconds: 1)
        guard span == .custom else { return (now.adding(milliseconds: -(span.days ?? 1) * 86_400_000), end) }
        let last = lastDay ?? firstDay ?? clock.local(now)
        let first = firstDay ?? last
        let oldest = max(first.dayNumber, last.dayNumber - 3652)
        let from = clock.moment(LocalTime(secondsOnClock: oldest * 86_400))
        let to = clock.moment(LocalTime(secondsOnClock: (last.dayNumber + 1) * 86_400))
        return (from, to)
    }

    /// The URL's query, empty for a page's standard range.
    var query: String {
        var items = [("range", span.rawValue)]
        if span == .custom {
            if let firstDay { items.append(("from", firstDay.isoDate)) }
            if let lastDay { items.append(("to", lastDay.isoDate)) }
        }
        return FormFields.write(items.map { (name: $0.0, value: $0.1) })
    }

    /// The grouping of readings that gives at most 750 points, and the longest distance of two of them that is no
    /// gap, in microseconds.
    static func bucket(from: Timestamp, to: Timestamp) -> (bucket: Bucket, gap: Int64) {
        let buckets: [Bucket] = [.minute, .fiveMinutes, .quarterHour, .hour, .day]
        let length = Int64(clamping: to.milliseconds(since: from)) * 1000
        let bucket = buckets.first { ($0.microseconds ?? 1) * 750 >= length } ?? .day
        return (bucket, max(900_000_000, (bucket.microseconds ?? 0) * 5 / 2))
    }

    /// What the range picker of a page shows.
    func values(path: String, spans: [Span], in text: PageText) -> [String: Any] {
        let links = spans.filter { $0 != .custom }.map { span -> [String: Any] in
            [
                "path": "\(path)?range=\(span.rawValue)", "label": text.words.text("range_" + span.rawValue),
                "isCurrent": span == self.span,
            ]
        }
        let (from, to) = moments(in: text.clock, at: text.now)
        return [
            "links": links, "path": path, "hasCustom": spans.contains(.custom), "isCustom": span == .custom,
            "from": (firstDay ?? text.clock.local(from)).isoDate,
            "to": (lastDay ?? text.clock.local(to.adding(milliseconds: -1))).isoDate,
            "today": text.clock.local(text.now).isoDate,
        ]
    }
}
