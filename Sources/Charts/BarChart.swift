/// One bar for each of a row of things, for example days.
public struct BarChart: Sendable {
    /// One bar.
    public struct Bar: Sendable, Hashable {
        /// `nil` where nothing is known, which is not 0.
        public var value: Double?
        public var label: String
        /// The whole of it in words.
        public var title: String

        public init(value: Double?, label: String, title: String) {
            self.value = value
            self.label = label
            self.title = title
        }
    }

    public var bars: [Bar]
    /// The text of a value on the axis.
    public var valueText: @Sendable (Double) -> String

    public init(bars: [Bar], valueText: @escaping @Sendable (Double) -> String) {
        self.bars = bars
        self.valueText = valueText
    }

    /// The bars with their labels below, 200 high.
    public func svg(width: Double, variant: String, label: String) -> String {
        let plot = Plot(x: 56, y: 10, width: width - 64, height: 158, from: 0, to: Double(max(1, bars.count)))
        let highest = max(1e-9, bars.compactMap(\.value).filter(\.isFinite).max() ?? 1)
        var svg = ""
        for share in [0, 0.5, 1] {
            let y = SVG.number(plot.y(share, 0...1))
            svg += #"<path class="grid" d="M56 \#(y)H\#(SVG.number(plot.right))"/>"#
            svg += #"<text class="value" x="48" y="\#(y)" dy="4">\#(SVG.escape(valueText(highest * share)))</text>"#
        }
        let slot = plot.width / Double(max(1, bars.count))
        var lastEnd = -Double.infinity
        for (index, bar) in bars.enumerated() {
            let left = plot.x + slot * Double(index)
            if let value = bar.value, value.isFinite {
                let height = value > 0 ? max(2, plot.height * min(1, value / highest)) : 0
                svg += #"<rect class="bar" x="\#(SVG.number(left + slot * 0.15))" "#
                svg += #"y="\#(SVG.number(plot.bottom - height))" width="\#(SVG.number(slot * 0.7))" "#
                svg += #"height="\#(SVG.number(height))"><title>\#(SVG.escape(bar.title))</title></rect>"#
            } else {
                svg += #"<rect class="bar unknown" x="\#(SVG.number(left + slot * 0.15))" y="\#(SVG.number(plot.y))" "#
                svg += #"width="\#(SVG.number(slot * 0.7))" height="\#(SVG.number(plot.height))">"#
                svg += "<title>\(SVG.escape(bar.title))</title></rect>"
            }
            let (middle, half) = (left + slot / 2, Double(bar.label.count) * 3.5)
            guard middle - half > lastEnd + 6 else { continue }
            lastEnd = middle + half
            svg += #"<text class="hour" x="\#(SVG.number(middle))" y="188">\#(SVG.escape(bar.label))</text>"#
        }
        return """
            <svg class="chart bars \(variant)" viewBox="0 0 \(SVG.number(width)) 200" role="img" \
            aria-label="\(SVG.escape(label))">\(svg)</svg>
            """
    }
}
