/// The two texts in which metrics are read.
public enum ExpositionFormat: Sendable, Hashable, CaseIterable {
    /// Prometheus' own, version 0.0.4.
    case prometheus
    /// OpenMetrics 1.0.
    case openMetrics

    /// The format to answer a request with, by its `Accept` header.
    public init(accept: String?) {
        self = accept?.lowercased().contains("application/openmetrics-text") == true ? .openMetrics : .prometheus
    }

    /// The answer's `Content-Type`.
    public var contentType: String {
        switch self {
        case .prometheus: "text/plain; version=0.0.4; charset=utf-8"
        case .openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8"
        }
    }
}

/// Writes families of metrics as text.
struct ExpositionWriter {
    private let format: ExpositionFormat
    private var text = ""

    init(_ format: ExpositionFormat) { self.format = format }

    mutating func write(_ name: String, _ family: Family, help: String?) {
        // OpenMetrics names a family of counters without the ending that each series has.
        let title = format == .openMetrics && family.kind == .counter ? String(name.dropLast("_total".count)) : name
        if let help {
            text += "# HELP \(title) \(help.replacing("\\", with: "\\\\").replacing("\n", with: "\\n"))\n"
        }
        text += "# TYPE \(title) \(family.kind.rawValue)\n"
        let series = family.series.map { (labels: $0.key.text(), key: $0.key, value: $0.value) }
        for (labels, key, value) in series.sorted(by: { $0.labels < $1.labels }) {
            switch value {
            case let number as Number: text += "\(name)\(labels) \(Self.text(number.value))\n"
            case let histogram as Histogram: write(name, key, histogram)
            default: continue
            }
        }
    }

    private mutating func write(_ name: String, _ labels: Labels, _ histogram: Histogram) {
        let contents = histogram.contents
        var total: UInt64 = 0
        for (count, bound) in zip(contents.counts, histogram.bounds.map(Self.text) + ["+Inf"]) {
            total += count
            text += "\(name)_bucket\(labels.text(with: ("le", bound))) \(total)\n"
        }
        text += "\(name)_sum\(labels.text()) \(Self.text(contents.sum))\n"
        text += "\(name)_count\(labels.text()) \(total)\n"
    }

    /// The whole text.
    func finish() -> String { format == .openMetrics ? text + "# EOF\n" : text }

    private static func text(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        // Whole numbers without ".0", as far as they are exact.
        if value == value.rounded(), abs(value) < 9_007_199_254_740_992 { return String(Int64(value)) }
        return "\(value)"
    }
}
