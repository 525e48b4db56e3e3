import Charts
import GarageDomain

/// The labels below charts: hours, days or months of the site's clock, whichever fit the range.
enum TimeAxis {
    static func ticks(from: Timestamp, to: Timestamp, _ variant: ChartVariant, in text: PageText) -> [Tick] {
        let hours = to.milliseconds(since: from) / 3_600_000
        switch hours {
        case ...3: return hourTicks(from, to, minutes: 30, text)
        case ...60: return hourTicks(from, to, minutes: (hours > 30 ? 12 : variant == .wide ? 3 : 6) * 60, text)
        case ...2400: return dayTicks(from, to, text)
        default: return monthTicks(from, to, text)
        }
    }

    /// The local clock times whose minute of the day is a multiple of `minutes`.
    private static func hourTicks(_ from: Timestamp, _ to: Timestamp, minutes: Int, _ text: PageText) -> [Tick] {
        var ticks: [Tick] = []
        // By half hours, because an hour that daylight saving moves shifts the clock times.
        var moment = text.clock.startOfDay(from)
        while moment <= to, ticks.count < 200 {
            let local = text.clock.local(moment)
            if moment >= from, (local.hour * 60 + local.minute) % minutes == 0 {
                ticks.append(Tick(time: moment.seconds, label: local.hourAndMinute))
            }
            moment = moment.adding(milliseconds: 1_800_000)
        }
        return ticks
    }

    private static func dayTicks(_ from: Timestamp, _ to: Timestamp, _ text: PageText) -> [Tick] {
        var ticks: [Tick] = []
        for day in 0..<110 {
            let moment = text.clock.startOfDay(from, addingDays: Int64(day))
            guard moment <= to else { break }
            ticks.append(Tick(time: moment.seconds, label: compactDate(moment, text)))
        }
        return ticks
    }

    private static func monthTicks(_ from: Timestamp, _ to: Timestamp, _ text: PageText) -> [Tick] {
        var ticks: [Tick] = []
        var day = text.clock.local(from).dayNumber
        let last = text.clock.local(to).dayNumber
        while day <= last, ticks.count < 240 {
            let local = LocalTime(secondsOnClock: day * 86_400)
            if local.day == 1 {
                let moment = text.clock.moment(local)
                let name = text.words.text("month_short_\(local.month)")
                let label = local.month == 1 ? "\(name) \(local.year)" : name
                ticks.append(Tick(time: moment.seconds, label: label))
            }
            day += 1
        }
        return ticks
    }

    /// A day as short as it can be: `Nov 22`, `22/11`.
    static func compactDate(_ moment: Timestamp, _ text: PageText) -> String {
        let local = text.clock.local(moment)
        return text.words.text(
            "date_compact",
            [
                "day": String(local.day), "month": text.words.text("month_short_\(local.month)"),
                "number": String(local.month),
            ])
    }
}
