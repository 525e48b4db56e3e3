import Charts
import GarageDomain
import Views

/// How the spots were used: occupancy by hour and weekday, stays and their lengths.
struct ParkingView {
    static let spans: [PageRange.Span] = [.week, .month, .year, .custom]

    let range: PageRange
    let reads: any PageReads
    let text: PageText

    func values() async throws -> [String: Any] {
        let words = text.words
        let (from, to) = range.moments(in: text.clock, at: text.now)
        let summary = try await reads.parkingSummary(garage: nil, spot: nil, from: from, to: to, now: text.now)
        let clock = text.clock
        let pattern = try await reads.occupancyPattern(
            garage: nil, spot: nil, from: from, to: to, now: text.now, offset: { clock.offset(at: $0) })
        let stays = try await reads.stays(garage: nil, spot: nil, before: nil, limit: 30)
        var values: [String: Any] = [
            "t": words.texts, "hasSpots": summary.spots > 0,
            "wide": map(pattern, .wide), "narrow": map(pattern, .narrow), "rows": table(pattern),
            "stays": stays.stays.map(row), "hasStays": !stays.stays.isEmpty,
            "arrivals": words.number(Double(summary.arrivals), decimals: 0),
            "occupancy": share(summary.occupancy),
            "turnover": turnover(summary),
            "meanStay": summary.meanStayMilliseconds.map(text.duration) ?? "–",
            "longestStay": summary.longestStayMilliseconds.map(text.duration) ?? "–",
        ]
        values["csvPath"] = "/api/v1/events.csv?type=spot.*&from=\(from.rfc3339)&to=\(to.rfc3339)"
        return values
    }

    /// From less than a day of one spot no rate for a day can be told: two arrivals in a minute are not thousands.
    private func turnover(_ summary: ParkingSummary) -> String {
        guard summary.knownMilliseconds >= 86_400_000, let turnover = summary.turnover else { return "–" }
        return text.words.number(turnover, decimals: 1)
    }

    private func share(_ value: Double?) -> String {
        value.map { text.words.number($0 * 100, decimals: 0) + "\u{202f}%" } ?? "–"
    }

    /// Monday is 0 in the pattern, Sunday in the texts.
    private func weekday(_ index: Int) -> String { text.words.text("weekday_\((index + 1) % 7)") }

    private func map(_ pattern: OccupancyPattern, _ variant: ChartVariant) -> Markup {
        let rows = pattern.shares.enumerated().map { index, shares in
            HeatMap.Row(label: String(weekday(index).prefix(3)), shares: shares)
        }
        let step = variant == .wide ? 2 : 6
        let columns = (0..<24).map { $0 % step == 0 ? "\($0)" : "" }
        let chart = HeatMap(rows: rows, columns: columns) { row, column, value in
            let known = value.map { text.words.number($0 * 100, decimals: 0) + " %" }
            return "\(weekday(row)) \(column):00: \(known ?? text.words.text("unknown_value"))"
        }
        return .rendered(
            chart.svg(width: variant.width, variant: variant.rawValue, label: text.words.text("occupancy_label")))
    }

    /// The map for readers of the screen: each day with its fullest hour.
    private func table(_ pattern: OccupancyPattern) -> [[String: Any]] {
        pattern.shares.enumerated().map { index, shares in
            let known = shares.enumerated().compactMap { hour, share in share.map { (hour: hour, share: $0) } }
            let fullest = known.max { $0.share < $1.share }
            let mean = known.isEmpty ? nil : known.map(\.share).reduce(0, +) / Double(known.count)
            return [
                "day": weekday(index), "mean": share(mean),
                "fullest": fullest.map { "\($0.hour):00 · \(share($0.share))" } ?? "–",
            ]
        }
    }

    private func row(_ stay: SpotStay) -> [String: Any] {
        var values: [String: Any] = [
            "spot": text.name(stay.spot), "path": "/events/\(stay.arrivalPosition)",
            "arrival": text.shortTime(stay.arrival), "isOpen": stay.departure == nil,
        ]
        if let departure = stay.departure {
            values["departure"] = text.shortTime(departure)
            values["length"] = Markup(text.duration(departure.milliseconds(since: stay.arrival)))
        } else {
            values["departure"] = Markup(text.words.text("still_there"))
            values["length"] = text.elapsed(stay.arrival)
        }
        return values
    }
}
