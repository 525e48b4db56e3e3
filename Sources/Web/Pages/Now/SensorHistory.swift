import GarageDomain
import Views

/// A sensor's last 24 hours as charts and as a table of hours.
struct SensorHistory {
    let sensor: SensorRow
    let reads: any PageReads
    let text: PageText

    func values() async throws -> [String: Any] {
        let words = text.words
        var charts: [[String: Any]] = []
        for latest in sensor.latest {
            let quantity = latest.quantity
            let chart = try await SensorCard.readings(
                .day, of: sensor.subject, quantity, reads: reads, now: text.now)
            let name = words.text("quantity_" + quantity.rawValue)
            let label = words.text(
                "spark_label",
                [
                    "quantity": name, "sensor": text.title(sensor.subject), "span": SensorCard.Span.day.label,
                ])
            charts.append([
                "name": name.capitalizedFirst,
                "unit": text.unit(quantity),
                "hasPoints": !chart.points.isEmpty,
                "wide": chart.chart(.wide, in: text, label: label),
                "narrow": chart.chart(.narrow, in: text, label: label),
                "hours": try await hours(quantity),
            ])
        }
        return [
            "t": words.texts, "charts": charts, "hasCharts": !charts.isEmpty,
            "eventsPath": "/events?type=sensor.*&subject=\(sensor.subject.id)&readings=1",
            "csvPath": "/api/v1/sensors/\(sensor.subject.id)/readings.csv",
        ]
    }

    /// One row for each hour that has a reading, the newest first.
    private func hours(_ quantity: Quantity) async throws -> [[String: Any]] {
        let from = text.now.adding(milliseconds: -86_400_000)
        let answer = try await reads.readings(
            ReadingsQuery(
                sensor: sensor.subject, quantity: quantity, from: from, to: text.now.adding(milliseconds: 1),
                bucket: .hour, order: .ascending, limit: 50))
        return answer.points.filter { $0.quantity == quantity }.reversed().map { point in
            [
                "time": text.shortTime(point.time), "mean": text.measure(point.mean, quantity),
                "low": text.measure(point.minimum, quantity), "high": text.measure(point.maximum, quantity),
                "count": text.words.number(Double(point.count), decimals: 0),
            ]
        }
    }
}
