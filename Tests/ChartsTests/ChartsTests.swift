import Charts
import Testing

@Suite struct ChartsTests {
    private func band(_ times: [Double], _ value: (Double) -> Double = { $0 / 100 }) -> BandChart {
        let points = times.map { time in
            BandChart.Point(time: time, mean: value(time), low: value(time) - 1, high: value(time) + 1)
        }
        return BandChart(points: points, from: 0, to: 1000, gap: 60, leastSpan: 2, series: "temperature")
    }

    private func axes(_ ticks: [Tick] = [], faults: [Tick] = []) -> BandChart.Axes {
        BandChart.Axes(width: 960, variant: "wide", ticks: ticks, faults: faults) { value, _ in "\(value)" }
    }

    @Test func lineAndBandBreakWhereNothingWasMeasured() throws {
        let svg = band([0, 50, 100, 500, 550, 600]).chart(axes(), label: "x")
        for name in ["line", "band"] {
            let path = try #require(svg.split(separator: "class=\"\(name)\" d=\"").dropFirst().first)
            #expect(path.prefix { $0 != "\"" }.filter { $0 == "M" }.count == 2, "\(name)")
        }
    }

    @Test func valuesStandWhereTheyBelong() throws {
        let chart = BandChart(
            points: [
                .init(time: 0, mean: 0, low: 0, high: 0), .init(time: 1000, mean: 10, low: 10, high: 10),
            ], from: 0, to: 1000, gap: 2000, leastSpan: 0, series: "s")
        let svg = chart.chart(axes(), label: "x")
        // The plot reaches from 44 to 948 and from 236 up to 10.
        #expect(svg.contains(#"class="line" d="M44 236L948 10""#), "\(svg)")
    }

    @Test func aLonePointCanBeSeen() {
        let svg = band([0, 50, 500, 900, 950]).chart(axes(), label: "x")
        #expect(svg.split(separator: #"class="lone""#).count == 2)
    }

    @Test func faultsAreMarkedAndTold() {
        let svg = band([0, 50]).chart(
            axes(faults: [Tick(time: 500, label: "nan <b>"), Tick(time: 5000, label: "outside")]), label: "x")
        #expect(svg.contains("<title>nan &lt;b&gt;</title>"))
        #expect(!svg.contains("outside"))
    }

    @Test func labelsThatWouldTouchAreLeftOut() {
        let ticks = (0...100).map { Tick(time: Double($0) * 10, label: "12:34") }
        let svg = band([0, 50]).chart(axes(ticks), label: "x")
        let count = svg.split(separator: #"class="hour""#).count - 1
        #expect((10...24).contains(count), "\(count)")
    }

    @Test(arguments: [[], [5], [5, 6], [.nan, .infinity]] as [[Double]])
    func anyPointsMakeADrawing(times: [Double]) {
        let chart = band(times)
        for svg in [chart.sparkline(label: "<x>"), chart.chart(axes(), label: "<x>")] {
            #expect(svg.hasPrefix("<svg") && svg.hasSuffix("</svg>") && svg.contains("&lt;x&gt;"))
            #expect(!svg.contains("nan") && !svg.contains("inf"))
        }
    }

    @Test func aScriptCanReadThePoints() {
        #expect(band([10, 20], { _ in 5 }).readout == "10,5,4,6;20,5,4,6")
    }

    @Test func shortStatesCanStillBeSeen() throws {
        let timeline = StateTimeline(
            spans: [
                .init(start: -100, end: 500, state: "closed", title: "closed"),
                .init(start: 500, end: 500.01, state: "opening", title: "opening"),
                .init(start: 500.01, end: 2000, state: "open", title: "\"open\""),
                .init(start: 3000, end: 4000, state: "closed", title: "later"),
            ], from: 0, to: 1000, ticks: [])
        let svg = timeline.svg(width: 1016, variant: "wide", label: "x")
        #expect(svg.contains(#"class="span closed" x="8" y="34" width="500""#), "\(svg)")
        #expect(svg.contains(#"class="span opening" x="508" y="18" width="2""#), "\(svg)")
        #expect(svg.contains(#"class="span open" x="508" y="4" width="500""#), "\(svg)")
        #expect(svg.contains("&quot;open&quot;") && !svg.contains("later"))
    }

    @Test func whatIsUnknownIsNoBarOfZero() {
        let chart = BarChart(
            bars: [
                .init(value: 0, label: "1", title: "a"), .init(value: 4, label: "2", title: "b"),
                .init(value: nil, label: "3", title: "c"),
            ]
        ) { "\($0)" }
        let svg = chart.svg(width: 364, variant: "wide", label: "x")
        #expect(svg.contains(#"height="0"><title>a"#))
        #expect(svg.contains(#"height="158"><title>b"#))
        #expect(svg.contains("bar unknown"))
        #expect(BarChart(bars: []) { "\($0)" }.svg(width: 100, variant: "", label: "x").hasSuffix("</svg>"))
    }

    @Test func heatHasStepsAndGaps() {
        #expect([0, 0.01, 0.2, 0.21, 1, 2].map(HeatMap.step) == [0, 1, 1, 2, 5, 5])
        let svg = HeatMap(
            rows: [.init(label: "Mo", shares: [nil, 0, 1])], columns: ["0", "", "2"]
        ) { row, column, share in "\(row) \(column) \(share ?? -1)" }.svg(width: 100, variant: "wide", label: "x")
        for kind in ["cell none", "cell s0", "cell s5"] { #expect(svg.contains(kind)) }
        #expect(svg.contains("<title>0 2 1.0</title>"))
        #expect(svg.split(separator: #"class="hour""#).count == 3)
    }

    @Test func textIsEscaped() {
        #expect(SVG.escape("<a b=\"c\">'&\u{202e}") == "&lt;a b=&quot;c&quot;&gt;&#39;&amp;\u{fffd}")
        #expect(SVG.number(.nan) == "0" && SVG.number(-1.25) == "-1.3" && SVG.number(2) == "2")
    }

    @Test func theScaleIsRoundAndHoldsEveryValue() {
        for (low, high) in [(18.2, 26.4), (-39.5, 79.5), (20.0, 22.0), (40.0, 41.5), (0, 100)] {
            let ticks = SVG.ticks(low...high, about: 5)
            #expect((ticks.first ?? 99) <= low && (ticks.last ?? -99) >= high, "\(low)...\(high): \(ticks)")
            #expect((2...8).contains(ticks.count), "\(ticks)")
        }
        #expect(SVG.ticks(5...5, about: 5) == [])
    }
}
