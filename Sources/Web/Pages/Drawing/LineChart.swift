import GarageDomain
import Views

/// Readings over time as a line: a small one for a glance, a large one with axes.
struct LineChart {
    var points: [ReadingPoint]
    var from: Timestamp
    var to: Timestamp
    /// The distance of two points after which the line breaks, in microseconds.
    var gap: Int64
    var quantity: Quantity

    /// The values that the chart's height covers, never so few that noise looks like a change.
    var range: ClosedRange<Double> {
        let low = points.map(\.minimum).min() ?? 0
        let high = points.map(\.maximum).max() ?? 1
        let least = quantity == .temperature ? 2.0 : 10
        let missing = max(0, least - (high - low)) / 2
        return (low - missing)...(high + missing)
    }

    /// A line without axes; its extremes are marked.
    func sparkline(label: String) -> Markup {
        let size = (width: 300.0, height: 56.0)
        let frame = Frame(x: 3, y: 6, width: size.width - 6, height: size.height - 12)
        let range = range
        var marks: Markup = ""
        if let low = points.min(by: { $0.minimum < $1.minimum }), let high = points.max(by: { $0.maximum < $1.maximum })
        {
            marks = dot("low", low.time, low.minimum, frame, range) + dot("high", high.time, high.maximum, frame, range)
        }
        if let last = points.last { marks += dot("last", last.time, last.mean, frame, range) }
        return """
            <svg class="spark \(quantity.rawValue)" viewBox="0 0 300 56" preserveAspectRatio="none" role="img" \
            aria-label="\(label)"><path class="area" d="\(area(frame, range))"/>\
            <path class="line" d="\(line(frame, range))"/>\(marks)</svg>
            """
    }

    /// What a chart is made for; the raw value is its CSS class.
    enum Variant: String {
        /// A screen.
        case wide
        /// A phone, on which a wide chart's letters would be too small to read.
        case narrow

        fileprivate var width: Double { self == .wide ? 960 : 360 }
        fileprivate var hours: Int { self == .wide ? 3 : 6 }
    }

    /// A chart with a grid, times below and values at the left; the band spans each bucket's lowest to highest value.
    func chart(_ variant: Variant, in text: PageText, label: String) -> Markup {
        let frame = Frame(x: 44, y: 10, width: variant.width - 56, height: 226)
        let right = Drawing.number(frame.x + frame.width)
        let steps = LineChart.ticks(range, about: 5)
        let range = min(range.lowerBound, steps.first ?? 0)...max(range.upperBound, steps.last ?? 1)
        var grid: Markup = ""
        for value in steps {
            let y = Drawing.number(frame.y(value, range))
            let decimals = (steps.dropFirst().first ?? 1) - (steps.first ?? 0) < 1 ? 1 : 0
            grid += #"<path class="grid" d="M44 \#(y)H\#(right)"/>"#
            let number = text.words.number(value, decimals: decimals)
            grid += #"<text class="value" x="36" y="\#(y)" dy="4">\#(number)</text>"#
        }
        for (moment, hour) in hours(every: variant.hours, in: text.clock) {
            let x = Drawing.number(frame.x(moment, from, to))
            grid += #"<path class="grid" d="M\#(x) 10V236"/><text class="hour" x="\#(x)" y="256">\#(hour)</text>"#
        }
        return """
            <svg class="chart \(variant.rawValue) \(quantity.rawValue)" \
            viewBox="0 0 \(Drawing.number(variant.width)) 264" role="img" \
            aria-label="\(label)">\(grid)<path class="band" d="\(band(frame, range))"/>\
            <path class="line" d="\(line(frame, range))"/></svg>
            """
    }

    // MARK: Geometry

    private struct Frame {
        var x: Double
        var y: Double
        var width: Double
        var height: Double

        func x(_ moment: Timestamp, _ from: Timestamp, _ to: Timestamp) -> Double {
            let length = Double(max(1, to.milliseconds(since: from)))
            return x + width * min(1, Double(moment.milliseconds(since: from)) / length)
        }

        func y(_ value: Double, _ range: ClosedRange<Double>) -> Double {
            let span = max(1e-9, range.upperBound - range.lowerBound)
            return y + height * (1 - (value - range.lowerBound) / span)
        }
    }

    /// The points in pieces that are each drawn without a break.
    private var pieces: [ArraySlice<ReadingPoint>] {
        var pieces: [ArraySlice<ReadingPoint>] = []
        var start = points.startIndex
        for index in points.indices.dropFirst()
        where points[index].time.microseconds.subtractingReportingOverflow(points[index - 1].time.microseconds)
            .partialValue
            > gap
        {
            pieces.append(points[start..<index])
            start = index
        }
        if start < points.endIndex { pieces.append(points[start...]) }
        return pieces
    }

    private func place(_ point: ReadingPoint, _ value: Double, _ frame: Frame, _ range: ClosedRange<Double>) -> String {
        "\(Drawing.number(frame.x(point.time, from, to))) \(Drawing.number(frame.y(value, range)))"
    }

    private func line(_ frame: Frame, _ range: ClosedRange<Double>) -> String {
        pieces.map { piece in
            "M" + piece.map { place($0, $0.mean, frame, range) }.joined(separator: "L")
                + (piece.count == 1 ? "h.1" : "")
        }.joined()
    }

    private func area(_ frame: Frame, _ range: ClosedRange<Double>) -> String {
        pieces.compactMap { piece in
            guard let first = piece.first, let last = piece.last else { return nil }
            let bottom = Drawing.number(frame.y + frame.height + 6)
            return "M\(Drawing.number(frame.x(first.time, from, to))) \(bottom)L"
                + piece.map { place($0, $0.mean, frame, range) }.joined(separator: "L")
                + "L\(Drawing.number(frame.x(last.time, from, to))) \(bottom)z"
        }.joined()
    }

    private func band(_ frame: Frame, _ range: ClosedRange<Double>) -> String {
        pieces.map { piece in
            "M" + piece.map { place($0, $0.maximum, frame, range) }.joined(separator: "L") + "L"
                + piece.reversed().map { place($0, $0.minimum, frame, range) }.joined(separator: "L") + "z"
        }.joined()
    }

    private func dot(
        _ kind: Markup, _ time: Timestamp, _ value: Double, _ frame: Frame, _ range: ClosedRange<Double>
    ) -> Markup {
        let x = Drawing.number(frame.x(time, from, to))
        return #"<path class="dot \#(kind)" d="M\#(x) \#(Drawing.number(frame.y(value, range)))h0"/>"#
    }

    /// The local hours in the chart's range whose number is a multiple of `step`.
    private func hours(every step: Int, in clock: SiteClock) -> [(Timestamp, String)] {
        var hours: [(Timestamp, String)] = []
        var moment = clock.startOfDay(from)
        while moment <= to, hours.count < 50 {
            let local = clock.local(moment)
            if moment >= from, local.hour % step == 0, local.minute == 0 { hours.append((moment, local.hourAndMinute)) }
            moment = moment.adding(milliseconds: 3_600_000)
        }
        return hours
    }

    /// About `count` round values that cover a range.
    static func ticks(_ range: ClosedRange<Double>, about count: Int) -> [Double] {
        let span = range.upperBound - range.lowerBound
        guard span.isFinite, span > 0, count > 0 else { return [] }
        var step = 0.1
        for candidate in [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100] where span / step > Double(count) {
            step = candidate
        }
        let first = (range.lowerBound / step).rounded(.down)
        let last = (range.upperBound / step).rounded(.up)
        return stride(from: first, through: min(last, first + 20), by: 1).map { $0 * step }
    }
}
