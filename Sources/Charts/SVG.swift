/// What all charts share.
public enum SVG {
    /// A coordinate with at most one decimal; 0 for what can't be drawn.
    public static func number(_ value: Double) -> String {
        guard value.isFinite, abs(value) < 1e7 else { return "0" }
        let tenths = Int((value * 10).rounded())
        let (whole, rest) = abs(tenths).quotientAndRemainder(dividingBy: 10)
        return (tenths < 0 ? "-" : "") + String(whole) + (rest == 0 ? "" : ".\(rest)")
    }

    /// Text for use between tags and in quoted attributes. Control characters, and those that turn the direction of
    /// writing, are replaced.
    public static func escape(_ text: String) -> String {
        var escaped = ""
        escaped.reserveCapacity(text.utf8.count)
        for scalar in text.unicodeScalars {
            switch scalar {
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "&": escaped += "&amp;"
            case "\"": escaped += "&quot;"
            case "'": escaped += "&#39;"
            case "\u{0}"..."\u{1f}", "\u{7f}"..."\u{9f}", "\u{202a}"..."\u{202e}", "\u{2066}"..."\u{2069}":
                escaped += "\u{fffd}"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }

    /// About `count` round values that cover a range; none if the range has no length.
    public static func ticks(_ range: ClosedRange<Double>, about count: Int) -> [Double] {
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

/// A place on the axis below a chart.
public struct Tick: Sendable, Hashable {
    /// Seconds since 1970.
    public var time: Double
    public var label: String

    public init(time: Double, label: String) {
        self.time = time
        self.label = label
    }
}

/// The rectangle in which values are drawn.
struct Plot {
    var x: Double
    var y: Double
    var width: Double
    var height: Double
    var from: Double
    var to: Double

    var right: Double { x + width }
    var bottom: Double { y + height }

    func x(_ time: Double) -> Double {
        let length = max(1e-3, to - from)
        return x + width * min(1, max(0, (time - from) / length))
    }

    func y(_ value: Double, _ range: ClosedRange<Double>) -> Double {
        let span = max(1e-9, range.upperBound - range.lowerBound)
        return y + height * (1 - (value - range.lowerBound) / span)
    }

    /// The lines and labels of the time axis; labels that would touch are left out.
    func timeAxis(_ ticks: [Tick]) -> String {
        var svg = ""
        var lastEnd = -Double.infinity
        for tick in ticks where tick.time >= from && tick.time <= to {
            let place = x(tick.time)
            svg += #"<path class="grid" d="M\#(SVG.number(place)) \#(SVG.number(y))V\#(SVG.number(bottom))"/>"#
            // Letters are about 7 wide.
            let half = Double(tick.label.count) * 3.5
            guard place - half > lastEnd + 6, place + half <= right + 12 else { continue }
            lastEnd = place + half
            svg += #"<text class="hour" x="\#(SVG.number(place))" y="\#(SVG.number(bottom + 20))">"#
            svg += SVG.escape(tick.label) + "</text>"
        }
        return svg
    }
}
