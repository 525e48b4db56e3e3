/// The states of a thing over time as one bar. Short states keep a width that can be seen.
public struct StateTimeline: Sendable {
    /// A stretch of time in one state.
    public struct Span: Sendable, Hashable {
        /// Seconds since 1970.
        public var start: Double
        public var end: Double
        /// The CSS class of the state.
        public var state: String
        /// The state in words, with its times.
        public var title: String

        public init(start: Double, end: Double, state: String, title: String) {
            self.start = start
            self.end = end
            self.state = state
            self.title = title
        }
    }

    /// Oldest first.
    public var spans: [Span]
    public var from: Double
    public var to: Double
    public var ticks: [Tick]

    public init(spans: [Span], from: Double, to: Double, ticks: [Tick]) {
        self.spans = spans
        self.from = from
        self.to = to
        self.ticks = ticks
    }

    /// The bar with times below, 72 high. Each state has another height as well as another colour.
    public func svg(width: Double, variant: String, label: String) -> String {
        let plot = Plot(x: 8, y: 4, width: width - 16, height: 40, from: from, to: to)
        var bars = ""
        for span in spans where span.end > from && span.start < to {
            let (left, right) = (plot.x(span.start), plot.x(span.end))
            let size = max(2, right - left)
            let height = StateTimeline.height(span.state)
            bars += #"<rect class="span \#(SVG.escape(span.state))" x="\#(SVG.number(min(left, plot.right - size)))" "#
            bars += #"y="\#(SVG.number(plot.bottom - height))" width="\#(SVG.number(size))" "#
            bars += #"height="\#(SVG.number(height))"><title>\#(SVG.escape(span.title))</title></rect>"#
        }
        return """
            <svg class="chart timeline \(variant)" viewBox="0 0 \(SVG.number(width)) 72" role="img" \
            aria-label="\(SVG.escape(label))">\(plot.timeAxis(ticks))\(bars)</svg>
            """
    }

    private static func height(_ state: String) -> Double {
        switch state {
        case "closed", "free": 10
        case "opening", "closing": 26
        case "stopped": 32
        default: 40
        }
    }
}
