import GarageDomain
import Views

/// How one answer says things: its language, the site's clock and the moment it was made.
struct PageText: Sendable {
    let words: Wording
    let clock: SiteClock
    let now: Timestamp
    /// The URL folder of the static files.
    let assets: String
    /// Whether names must say which garage they belong to.
    var namesGarages = false

    func icon(_ name: String) -> Markup { .icon(name, in: assets) }

    // MARK: Names

    /// The bare name, with the garage before it if there are several.
    func name(_ subject: Subject) -> String {
        namesGarages ? "\(subject.garage) · \(subject.name)" : subject.name.text
    }

    /// The thing with its kind, for the beginning of a sentence: `Front gate`, `Portão front`.
    func title(_ subject: Subject) -> String {
        let name = name(subject)
        if subject.kind == .garage { return words.text("subject_garage", ["name": subject.name.text]) }
        return words.text("subject_\(subject.kind.rawValue)", ["name": name, "Name": name.capitalizedFirst])
    }

    /// The page about a subject.
    func path(_ subject: Subject) -> String {
        switch subject.kind {
        case .gate: "/gates/\(subject.id)"
        case .sensor: "/sensors/\(subject.id)"
        case .spot, .device, .garage: "/events?kind=\(subject.kind.rawValue)&subject=\(subject.id)"
        }
    }

    // MARK: Times

    /// A moment's clock time with seconds: `18:20:05`.
    func clockTime(_ moment: Timestamp) -> Markup { time(moment, clock.local(moment).clock) }

    /// A moment's clock time without seconds: `18:20`.
    func hourTime(_ moment: Timestamp) -> Markup { time(moment, clock.local(moment).hourAndMinute) }

    /// A day and time as short as it can be without doubt: the time alone today, else the day too.
    func shortTime(_ moment: Timestamp) -> Markup { time(moment, shortTimeText(moment)) }

    func shortTimeText(_ moment: Timestamp) -> String {
        let local = clock.local(moment)
        let today = clock.local(now)
        if local.dayNumber == today.dayNumber { return local.hourAndMinute }
        let day = words.text(
            local.year == today.year ? "date_short" : "date_short_year",
            ["day": String(local.day), "month": words.text("month_short_\(local.month)"), "year": String(local.year)])
        return words.text("date_and_time", ["date": day, "time": local.hourAndMinute])
    }

    /// A day and time in full, with seconds.
    func longTime(_ moment: Timestamp) -> Markup {
        let local = clock.local(moment)
        return time(moment, words.text("date_and_time", ["date": date(local), "time": local.clock]))
    }

    /// `November 22, 2026`
    func date(_ local: LocalTime) -> String {
        words.text(
            "date_long",
            ["day": String(local.day), "month": words.text("month_\(local.month)"), "year": String(local.year)])
    }

    /// A heading for a day: `Today, Sunday, November 22`.
    func dayHeading(_ moment: Timestamp) -> String {
        let local = clock.local(moment)
        let today = clock.local(now)
        let values = [
            "weekday": words.text("weekday_\(local.weekday)"), "day": String(local.day),
            "month": words.text("month_\(local.month)"), "year": String(local.year),
        ]
        let full = words.text(local.year == today.year ? "day_heading" : "day_heading_year", values)
        switch local.dayNumber - today.dayNumber {
        case 0: return words.text("day_today", ["date": full])
        case -1: return words.text("day_yesterday", ["date": full])
        default: return full.capitalizedFirst
        }
    }

    func time(_ moment: Timestamp, _ shown: String) -> Markup {
        #"<time datetime="\#(moment.rfc3339Milliseconds)" title="\#(utc(moment))">\#(shown)</time>"#
    }

    /// The tooltip of every time: `2026-11-22 21:20:05 UTC`.
    func utc(_ moment: Timestamp) -> String {
        moment.rfc3339.replacing("T", with: " ").replacing("Z", with: " UTC")
    }

    /// How long ago a moment was; a script keeps it up to date.
    func elapsed(_ moment: Timestamp) -> Markup {
        let milliseconds = moment.microseconds.flooredDivision(by: 1000)
        return #"<span data-since="\#(milliseconds)">\#(duration(now.milliseconds(since: moment)))</span>"#
    }

    /// "since 18:20 · 4 min"
    func since(_ moment: Timestamp) -> Markup {
        words.markup("since", ["time": shortTime(moment)]) + #"<span class="elapsed"> · \#(elapsed(moment))</span>"#
    }

    /// A length of time in its two largest units: `0.4 s`, `14 s`, `4 min`, `2 h 14 min`, `3 d 2 h`.
    func duration(_ milliseconds: Int64) -> String {
        let seconds = milliseconds / 1000
        return switch seconds {
        case ..<1 where milliseconds <= 0: "0\u{a0}s"
        case ..<1 where milliseconds < 100: "\(milliseconds)\u{a0}ms"
        case ..<1: "\(words.number(Double(milliseconds / 100) / 10, decimals: 1))\u{a0}s"
        case ..<60: "\(seconds)\u{a0}s"
        case ..<3600: "\(seconds / 60)\u{a0}min"
        case ..<86_400: "\(seconds / 3600)\u{a0}h" + (seconds / 60 % 60 == 0 ? "" : " \(seconds / 60 % 60)\u{a0}min")
        default: "\(seconds / 86_400)\u{a0}d" + (seconds / 3600 % 24 == 0 ? "" : " \(seconds / 3600 % 24)\u{a0}h")
        }
    }

    // MARK: Values

    func value(_ value: Double, _ quantity: Quantity) -> String {
        words.number(value, decimals: quantity == .temperature ? 1 : 0)
    }

    /// A value with its unit: `23.4 °C`, `58 %`.
    func measure(_ value: Double, _ quantity: Quantity) -> String {
        "\(self.value(value, quantity))\u{202f}\(unit(quantity))"
    }

    func unit(_ quantity: Quantity) -> String { quantity == .temperature ? "°C" : "%" }

    // MARK: People

    /// Who did something and by which way: "ana over MQTT".
    func author(_ actor: String, channel: String) -> String {
        let name = actor == "anonymous" || actor.isEmpty ? words.text("actor_anonymous") : actor
        switch channel {
        case "mqtt", "http", "page", "cli": return words.text("author_\(channel)", ["actor": name])
        case "device": return words.text("author_device", ["actor": name])
        case "service": return words.text("author_service")
        default: return name
        }
    }
}

extension String {
    /// The text with its first letter in upper case, if it is one that has one.
    var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }
}
