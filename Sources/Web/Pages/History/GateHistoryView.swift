import Charts
import GarageDomain
import Views

/// A gate's past: the timeline of its states, how long each lasted, and how long it stood open each day.
struct GateHistoryView {
    static let spans: [PageRange.Span] = [.day, .week, .month, .custom]
    private static let mostRows = 40

    let gate: Subject
    let range: PageRange
    let reads: any PageReads
    let text: PageText

    func values() async throws -> [String: Any] {
        let words = text.words
        let (from, to) = range.moments(in: text.clock, at: text.now)
        let timeline = try await reads.timeline(of: gate, from: from, to: to, limit: 2000)
        let end = min(to, text.now)
        let bars = timeline.spans.map { span in
            StateTimeline.Span(
                start: span.start.seconds, end: (span.end ?? end).seconds, state: span.state.rawValue,
                title: title(span, until: end))
        }
        let label = words.text(
            "timeline_label",
            ["gate": text.title(gate), "from": text.shortTimeText(from), "to": text.shortTimeText(to)])
        func drawing(_ variant: ChartVariant) -> Markup {
            .rendered(
                StateTimeline(
                    spans: bars, from: from.seconds, to: to.seconds,
                    ticks: TimeAxis.ticks(from: from, to: to, variant, in: text)
                ).svg(width: variant.width, variant: variant.rawValue, label: label))
        }
        let rows = timeline.spans.suffix(GateHistoryView.mostRows).reversed().map { row($0, until: end) }
        let usage = try await self.usage()
        return [
            "t": words.texts, "hasSpans": !timeline.spans.isEmpty,
            "wide": drawing(.wide), "narrow": drawing(.narrow), "rows": rows,
            "isCut": timeline.isCut || timeline.spans.count > rows.count,
            "usageWide": usageChart(usage, .wide), "usageNarrow": usageChart(usage, .narrow),
            "usage": usage.reversed().map(usageRow),
        ]
    }

    private func title(_ span: GateSpan, until end: Timestamp) -> String {
        let state = text.words.text("gate_" + span.state.rawValue)
        let length = text.duration((span.end ?? end).milliseconds(since: span.start))
        return "\(state), \(text.shortTimeText(span.start)), \(length)"
    }

    private func row(_ span: GateSpan, until end: Timestamp) -> [String: Any] {
        let length = text.duration((span.end ?? max(end, span.start)).milliseconds(since: span.start))
        return [
            "start": text.shortTime(span.start), "path": "/events/\(span.position)",
            "state": text.words.text("gate_" + span.state.rawValue), "icon": text.icon("gate-" + span.state.rawValue),
            "stateClass": span.state.rawValue, "length": length,
            "author": span.isFirstReport ? "" : text.author(span.actor.cut(to: 64), channel: span.channel),
        ]
    }

    // MARK: Days

    /// The last fourteen local days, the oldest first.
    private func usage() async throws -> [GateUsage] {
        let boundaries = (-13...1).map { text.clock.startOfDay(text.now, addingDays: $0) }
        return try await reads.usage(of: gate, boundaries: boundaries, now: text.now)
    }

    private func usageChart(_ usage: [GateUsage], _ variant: ChartVariant) -> Markup {
        let bars = usage.map { day in
            BarChart.Bar(
                value: isKnown(day) ? Double(day.openMilliseconds) : nil,
                label: TimeAxis.compactDate(day.from, text),
                title: "\(text.date(text.clock.local(day.from))): "
                    + (isKnown(day) ? text.duration(day.openMilliseconds) : text.words.text("unknown_value")))
        }
        let chart = BarChart(bars: bars, valueText: { [text] in text.duration(Int64($0)) })
        let label = text.words.text("usage_label", ["gate": text.title(gate)])
        return .rendered(chart.svg(width: variant.width, variant: variant.rawValue, label: label))
    }

    /// Whether anything of a day is known.
    private func isKnown(_ day: GateUsage) -> Bool {
        day.unknownMilliseconds < day.to.milliseconds(since: day.from)
    }

    private func usageRow(_ day: GateUsage) -> [String: Any] {
        [
            "day": text.time(day.from, text.date(text.clock.local(day.from))),
            "open": isKnown(day) ? text.duration(day.openMilliseconds) : "–",
            "openings": isKnown(day) ? text.words.number(Double(day.openings), decimals: 0) : "–",
        ]
    }
}
