/// Measured values over time: a line through the means, and around it a band from the lowest to the highest value.
///
/// Where nothing was measured for longer than `gap`, line and band break.
public struct BandChart: Sendable {
    /// The values of one stretch of time.
    public struct Point: Sendable, Hashable {
        /// Seconds since 1970.
        public var time: Double
        public var mean: Double
        public var low: Double
        public var high: Double

        public init(time: Double, mean: Double, low: Double, high: Double) {
            self.time = time
            self.mean = mean
            self.low = low
            self.high = high
        }
    }

    /// Oldest first.
    public var points: [Point]
    /// The chart's ends in seconds since 1970.
    public var from: Double
    public var to: Double
    /// The distance of two points after which the line breaks, in seconds.
    public var gap: Double
    /// The least that the chart's height covers, so that noise does not look like a change.
    public var leastSpan: Double
    /// The CSS class of the series.
    public var series: String

    public init(points: [Point], from: Double, to: Double, gap: Double, leastSpan: Double, series: String) {
        self.points = points
        self.from = from
        self.to = to
        self.gap = gap
        self.leastSpan = leastSpan
        self.series = series
    }

    /// The values that the chart's height covers.
    public var range: ClosedRange<Double> {
        let low = points.map(\.low).filter(\.isFinite).min() ?? 0
        let high = max(low, points.map(\.high).filter(\.isFinite).max() ?? 1)
        let missing = max(0, leastSpan - (high - low)) / 2
        return (low - missing)...(high + missing)
    }

    /// A line without axes, 300 × 56; its extremes and its end are marked.
    public func sparkline(label: String) -> String {
        let plot = Plot(x: 3, y: 6, width: 294, height: 44, from: from, to: to)
        let range = range
        var marks = ""
        if let low = points.min(by: { $0.low < $1.low }), let high = points.max(by: { $0.high < $1.high }) {
            marks = dot("low", low.time, low.low, plot, range) + dot("high", high.time, high.high, plot, range)
        }
        if let last = points.last { marks += dot("last", last.time, last.mean, plot, range) }
        return """
            <svg class="spark \(series)" viewBox="0 0 300 56" preserveAspectRatio="none" role="img" \
            aria-label="\(SVG.escape(label))"><path class="area" d="\(area(plot, range))"/>\
            <path class="line" d="\(line(plot, range))"/>\(marks)</svg>
            """
    }

    /// What stands around the line.
    public struct Axes: Sendable {
        /// The drawing's width; letters keep their size, so a phone gets a narrower one.
        public var width: Double
        /// An additional CSS class.
        public var variant: String
        public var ticks: [Tick]
        /// Moments at which the sensor reported a fault, with what it said.
        public var faults: [Tick]
        /// The text of a value on the axis with a number of decimals.
        public var valueText: @Sendable (_ value: Double, _ decimals: Int) -> String

        public init(
            width: Double, variant: String, ticks: [Tick], faults: [Tick] = [],
            valueText: @escaping @Sendable (_ value: Double, _ decimals: Int) -> String
        ) {
            self.width = width
            self.variant = variant
            self.ticks = ticks
            self.faults = faults
            self.valueText = valueText
        }
    }

    /// A chart with a grid, times below and values at the left, 264 high.
    public func chart(_ axes: Axes, label: String) -> String {
        let plot = Plot(x: 44, y: 10, width: axes.width - 56, height: 226, from: from, to: to)
        let steps = SVG.ticks(range, about: 5)
        let range = min(range.lowerBound, steps.first ?? 0)...max(range.upperBound, steps.last ?? 1)
        let decimals = (steps.dropFirst().first ?? 1) - (steps.first ?? 0) < 1 ? 1 : 0
        var grid = ""
        for value in steps {
            let y = SVG.number(plot.y(value, range))
            grid += #"<path class="grid" d="M44 \#(y)H\#(SVG.number(plot.right))"/>"#
            grid +=
                #"<text class="value" x="36" y="\#(y)" dy="4">\#(SVG.escape(axes.valueText(value, decimals)))</text>"#
        }
        grid += plot.timeAxis(axes.ticks)
        let faults = axes.faults.filter { $0.time >= from && $0.time <= to }.map { fault in
            #"<path class="fault" d="M\#(SVG.number(plot.x(fault.time))) 226l5 10h-10z"><title>"#
                + SVG.escape(fault.label) + "</title></path>"
        }
        return """
            <svg class="chart \(axes.variant) \(series)" viewBox="0 0 \(SVG.number(axes.width)) 264" role="img" \
            aria-label="\(SVG.escape(label))">\(grid)<path class="band" d="\(band(plot, range))"/>\
            <path class="line" d="\(line(plot, range))"/>\(lonePoints(plot, range))\(faults.joined())</svg>
            """
    }

    /// The points as text for a script that reads values under the pointer: seconds after `from`, mean, lowest and highest
    /// value, with `;` between points.
    public var readout: String {
        points.filter { $0.time.isFinite && abs($0.time - from) < 1e12 }.map { point in
            let values = [point.mean, point.low, point.high].map(SVG.number).joined(separator: ",")
            return "\(Int((point.time - from).rounded())),\(values)"
        }.joined(separator: ";")
    }

    // MARK: Geometry

    /// The points in pieces that are each drawn without a break.
    private var pieces: [ArraySlice<Point>] {
        var pieces: [ArraySlice<Point>] = []
        var start = points.startIndex
        for index in points.indices.dropFirst() where points[index].time - points[index - 1].time > gap {
            pieces.append(points[start..<index])
            start = index
        }
        if start < points.endIndex { pieces.append(points[start...]) }
        return pieces
    }

    private func place(_ point: Point, _ value: Double, _ plot: Plot, _ range: ClosedRange<Double>) -> String {
        "\(SVG.number(plot.x(point.time))) \(SVG.number(plot.y(value, range)))"
    }

    private func line(_ plot: Plot, _ range: ClosedRange<Double>) -> String {
        pieces.map { piece in
            "M" + piece.map { place($0, $0.mean, plot, range) }.joined(separator: "L")
                + (piece.count == 1 ? "h.1" : "")
        }.joined()
    }

    /// Points with a gap on both sides, which as a line would be too short to see.
    private func lonePoints(_ plot: Plot, _ range: ClosedRange<Double>) -> String {
        pieces.compactMap { piece in
            guard piece.count == 1, let point = piece.first else { return nil }
            return #"<path class="lone" d="M\#(place(point, point.mean, plot, range))h0"/>"#
        }.joined()
    }

    private func area(_ plot: Plot, _ range: ClosedRange<Double>) -> String {
        pieces.compactMap { piece in
            guard let first = piece.first, let last = piece.last else { return nil }
            let bottom = SVG.number(plot.bottom + 6)
            return "M\(SVG.number(plot.x(first.time))) \(bottom)L"
                + piece.map { place($0, $0.mean, plot, range) }.joined(separator: "L")
                + "L\(SVG.number(plot.x(last.time))) \(bottom)z"
        }.joined()
    }

    private func band(_ plot: Plot, _ range: ClosedRange<Double>) -> String {
        pieces.map { piece in
            "M" + piece.map { place($0, $0.high, plot, range) }.joined(separator: "L") + "L"
                + piece.reversed().map { place($0, $0.low, plot, range) }.joined(separator: "L") + "z"
        }.joined()
    }

    private func dot(_ kind: String, _ time: Double, _ value: Double, _ plot: Plot, _ range: ClosedRange<Double>)
        -> String
    {
        #"<path class="dot \#(kind)" d="M\#(SVG.number(plot.x(time))) \#(SVG.number(plot.y(value, range)))h0"/>"#
    }
}
