import Charts
import GarageDomain
import Views

/// A sensor's readings as a chart: what `BandChart` draws, in the words and the time zone of a page.
struct ReadingChart {
    var points: [ReadingPoint]
    var from: Timestamp
    var to: Timestamp
    /// The distance of two points after which the line breaks, in microseconds.
    var gap: Int64
    var quantity: Quantity

    var band: BandChart {
        BandChart(
            points: points.map {
                BandChart.Point(time: $0.time.seconds, mean: $0.mean, low: $0.minimum, high: $0.maximum)
            },
            from: from.seconds, to: to.seconds, gap: Double(gap) / 1_000_000,
            leastSpan: quantity == .temperature ? 2 : 10, series: quantity.rawValue)
    }

    /// A line without axes for a glance.
    func sparkline(label: String) -> Markup { .rendered(band.sparkline(label: label)) }

    /// A chart with axes; faults are marked at the bottom.
    func chart(_ variant: ChartVariant, faults: [Tick] = [], in text: PageText, label: String) -> Markup {
        let axes = BandChart.Axes(
            width: variant.width, variant: variant.rawValue,
            ticks: TimeAxis.ticks(from: from, to: to, variant, in: text), faults: faults,
            valueText: { [words = text.words] value, decimals in words.number(value, decimals: decimals) })
        return .rendered(band.chart(axes, label: label))
    }
}

/// What a chart is made for; the raw value is its CSS class.
enum ChartVariant: String, CaseIterable {
    /// A screen.
    case wide
    /// A phone, on which a wide chart's letters would be too small to read.
    case narrow

    var width: Double { self == .wide ? 960 : 360 }
}

extension Timestamp {
    /// Seconds since 1970.
    var seconds: Double { Double(microseconds) / 1_000_000 }
}
