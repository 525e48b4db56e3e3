import GarageDomain
import Views

/// A sensor now: its last values large, and the day's line and extremes.
struct SensorCard {
    /// A value older than this is shown as old, in milliseconds.
    static let staleAfter: Int64 = 15 * 60_000

    let sensor: SensorRow
    let reads: any PageReads
    let text: PageText

    func values() async throws -> [String: Any] {
        var quantities: [[String: Any]] = []
        for latest in sensor.latest { quantities.append(try await values(of: latest)) }
        var values: [String: Any] = [
            "t": text.words.texts,
            "title": text.title(sensor.subject),
            "path": text.path(sensor.subject),
            "quantities": quantities,
            "isOffline": sensor.deviceOnline == false,
            "offlineIcon": text.icon("offline"),
            "device": (sensor.device ?? "").cut(to: 64),
        ]
        if let newest = sensor.latest.map(\.time).max() {
            values["updated"] = text.words.markup("measured_ago", ["elapsed": text.elapsed(newest)])
            values["isStale"] = text.now.milliseconds(since: newest) > SensorCard.staleAfter
            values["staleIcon"] = text.icon("stale")
        }
        if let fault = sensor.fault {
            values["fault"] = text.words.markup(
                "sensor_fault",
                [
                    "quantity": Markup(SensorCard.name(of: fault.fault.quantity, in: text).capitalizedFirst),
                    "fault": Markup(text.words.text("fault_" + fault.fault.kind.rawValue)),
                    "elapsed": text.elapsed(fault.time),
                ])
            values["faultIcon"] = text.icon("fault")
        }
        return values
    }

    private func values(of latest: SensorRow.LatestReading) async throws -> [String: Any] {
        let words = text.words
        let quantity = latest.quantity
        let name = words.text("quantity_" + quantity.rawValue)
        let day = try await SensorCard.readings(.day, of: sensor.subject, quantity, reads: reads, now: text.now)
        let (span, chart) = try await glance(day)
        var values: [String: Any] = [
            "name": name,
            "class": quantity.rawValue,
            "icon": text.icon(quantity.rawValue),
            "value": text.value(latest.value, quantity),
            "unit": text.unit(quantity),
        ]
        if !chart.points.isEmpty {
            let label = ["quantity": name, "sensor": text.title(sensor.subject), "span": span.label]
            values["spark"] = chart.sparkline(label: words.text("spark_label", label))
            values["span"] = span.label
        }
        let extremes = try await reads.extremes(of: sensor.subject, quantity: quantity, from: day.from, to: day.to)
        if let extremes {
            values["low"] = text.measure(extremes.minimum.minimum, quantity)
            // Within 24 hours the clock time alone names the moment.
            values["lowTime"] = text.hourTime(extremes.minimum.time)
            values["high"] = text.measure(extremes.maximum.maximum, quantity)
            values["highTime"] = text.hourTime(extremes.maximum.time)
        }
        return values
    }

    static func name(of quantity: Quantity?, in text: PageText) -> String {
        text.words.text("quantity_" + (quantity?.rawValue ?? "any"))
    }

    /// How far back a line goes.
    enum Span: Int64 {
        case hour = 1
        case sixHours = 6
        case day = 24

        var label: String { "\(rawValue) h" }
        var milliseconds: Int64 { rawValue * 3_600_000 }

        /// The grouping that gives 60 to 100 points.
        var bucket: Bucket {
            switch self {
            case .hour: .minute
            case .sixHours: .fiveMinutes
            case .day: .quarterHour
            }
        }

        /// The distance of two points after which a line breaks, in microseconds: three of the longest usual intervals.
        var gap: Int64 { self == .day ? 2_700_000_000 : 900_000_000 }
    }

    /// A sensor's readings up to now.
    static func readings(
        _ span: Span, of sensor: Subject, _ quantity: Quantity, reads: any PageReads, now: Timestamp
    ) async throws -> ReadingChart {
        let from = now.adding(milliseconds: -span.milliseconds)
        let to = now.adding(milliseconds: 1)
        let answer = try await reads.readings(
            ReadingsQuery(
                sensor: sensor, quantity: quantity, from: from, to: to, bucket: span.bucket, order: .ascending,
                limit: 200))
        return ReadingChart(
            points: answer.points.filter { $0.quantity == quantity }, from: from, to: to, gap: span.gap,
            quantity: quantity)
    }

    /// The day's line; while a sensor is new, the shorter one that already shows something.
    private func glance(_ day: ReadingChart) async throws -> (Span, ReadingChart) {
        guard let first = day.points.first else { return (.day, day) }
        let age = text.now.milliseconds(since: first.time)
        for span in [Span.hour, .sixHours] where age < span.milliseconds {
            let chart = try await SensorCard.readings(
                span, of: sensor.subject, day.quantity, reads: reads, now: text.now)
            return (span, chart)
        }
        return (.day, day)
    }
}
