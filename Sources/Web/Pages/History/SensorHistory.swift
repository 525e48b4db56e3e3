import Charts
import EventLog
import GarageDomain
import Views

/// A sensor's readings over a time as charts, as tables and for download.
struct SensorHistory {
    let sensor: SensorRow
    let range: PageRange
    let reads: any PageReads
    let text: PageText

    func values() async throws -> [String: Any] {
        let words = text.words
        let (from, to) = range.moments(in: text.clock, at: text.now)
        let (bucket, gap) = PageRange.bucket(from: from, to: to)
        let faults = try await self.faults(from, to)
        var charts: [[String: Any]] = []
        for latest in sensor.latest {
            let quantity = latest.quantity
            let answer = try await reads.readings(
                ReadingsQuery(
                    sensor: sensor.subject, quantity: quantity, from: from, to: to, bucket: bucket, order: .ascending,
                    limit: 4000))
            let chart = ReadingChart(
                points: answer.points.filter { $0.quantity == quantity }, from: from, to: to, gap: gap,
                quantity: quantity)
            let name = words.text("quantity_" + quantity.rawValue)
            let label = words.text(
                "chart_label",
                [
                    "quantity": name, "sensor": text.title(sensor.subject), "from": text.shortTimeText(from),
                    "to": text.shortTimeText(to),
                ])
            let marks = faults.filter { $0.quantity == nil || $0.quantity == quantity }.map(\.tick)
            charts.append([
                "name": name.capitalizedFirst,
                "unit": text.unit(quantity),
                "quantity": quantity.rawValue,
                "hasPoints": !chart.points.isEmpty,
                "wide": chart.chart(.wide, faults: marks, in: text, label: label),
                "narrow": chart.chart(.narrow, faults: marks, in: text, label: label),
                "readout": chart.band.readout,
                "fromSeconds": String(Int(from.seconds)),
                "toSeconds": String(Int(to.seconds)),
                "rows": try await rows(quantity, from, to, chart.points),
                "hasFaults": !marks.isEmpty,
            ])
        }
        let download = [
            ("from", from.rfc3339), ("to", to.rfc3339), ("bucket", bucket.rawValue),
        ]
        let query = FormFields.write(download.map { (name: $0.0, value: $0.1) })
        return [
            "t": words.texts, "charts": charts, "hasCharts": !charts.isEmpty,
            "legend": words.text("chart_legend", ["bucket": words.text("bucket_" + bucket.rawValue)]),
            "eventsPath": "/events?type=sensor.*&subject=\(sensor.subject.id)&readings=1",
            "csvPath": "/api/v1/sensors/\(sensor.subject.id)/readings.csv?\(query)",
        ]
    }

    private struct Fault {
        var quantity: Quantity?
        var tick: Tick
    }

    /// The faults in the range, at most 200, the newest.
    private func faults(_ from: Timestamp, _ to: Timestamp) async throws -> [Fault] {
        let filter = EventFilter(
            types: [EventType.faultDetected.rawValue], kind: .sensor, garage: sensor.subject.garage,
            subject: sensor.subject.id, from: from, to: to)
        let page = try await reads.events(filter, PageRequest(order: .descending, limit: 200))
        return page.rows.compactMap { row in
            guard case .faultDetected(let fault) = row.body else { return nil }
            let moment = Timestamp(microseconds: row.event.time)
            let title = "\(text.shortTimeText(moment)): \(text.words.text("fault_" + fault.kind.rawValue))"
            return Fault(quantity: fault.quantity, tick: Tick(time: moment.seconds, label: title))
        }
    }

    /// The chart as a table, the newest row first: hours for up to three days, otherwise local days.
    private func rows(
        _ quantity: Quantity, _ from: Timestamp, _ to: Timestamp, _ points: [ReadingPoint]
    ) async throws -> [[String: Any]] {
        if to.milliseconds(since: from) <= 3 * 86_400_000 {
            let answer = try await reads.readings(
                ReadingsQuery(
                    sensor: sensor.subject, quantity: quantity, from: from, to: to, bucket: .hour, order: .ascending,
                    limit: 100))
            return answer.points.filter { $0.quantity == quantity }.reversed().map { point in
                row(text.shortTime(point.time), quantity, point.mean, point.minimum, point.maximum, point.count)
            }
        }
        var boundaries = [from]
        while let last = boundaries.last, last < to, boundaries.count < 400 {
            boundaries.append(min(text.clock.startOfDay(last, addingDays: 1), to))
        }
        let days = try await reads.summaries(of: sensor.subject, quantity: quantity, boundaries: boundaries)
        return days.reversed().map { day in
            let local = text.clock.local(day.from)
            return row(
                text.time(day.from, text.date(local)), quantity, day.mean, day.minimum, day.maximum, day.count)
        }
    }

    private func row(
        _ time: Markup, _ quantity: Quantity, _ mean: Double, _ low: Double, _ high: Double, _ count: Int
    ) -> [String: Any] {
        [
            "time": time, "mean": text.measure(mean, quantity), "low": text.measure(low, quantity),
            "high": text.measure(high, quantity), "count": text.words.number(Double(count), decimals: 0),
        ]
    }
}
