/// The figures of several cases against one or two servers.
public struct BenchReport: Sendable, Hashable, Codable {
    /// The servers, in the order of the figures.
    public var labels: [String]
    /// Each figure is the median of so many runs.
    public var rounds: Int
    /// For each case the figures of each server.
    public var cases: [[CaseFigures]] = []

    public init(labels: [String], rounds: Int) {
        self.labels = labels
        self.rounds = rounds
    }

    /// Above this the generator's thread counts as the limit.
    private static let busy = 0.95

    private static let figures: [(name: String, decimals: Int, value: @Sendable (CaseFigures) -> Double?)] = [
        ("CPU µs each", 3, { $0.cpuMicroseconds }),
        ("p50 µs", 0, { $0.p50 }),
        ("p99 µs", 0, { $0.p99 }),
        ("p99.9 µs", 0, { $0.p999 }),
        ("max µs", 0, { $0.maximum }),
        ("bytes each", 0, { $0.residentBytesPerConnection }),
        ("MB more", 1, { $0.residentGrowth.map { $0 / 1_048_576 } }),
    ]

    /// A table with one line for each figure, and below it what has to be known about single figures.
    public var text: String {
        var table = TextTable(["case", "figure"] + labels + (labels.count == 2 ? ["ratio"] : []))
        for figures in cases {
            guard let first = figures.first else { continue }
            add("\(first.counts)/s", 0, figures.map { $0.rate }, case: first.name, to: &table)
            for (name, decimals, value) in Self.figures where figures.contains(where: { value($0) != nil }) {
                add(name, decimals, figures.map(value), case: "", to: &table)
            }
        }
        let notes = notes()
        return table.text + (notes.isEmpty ? "" : "\n" + notes.joined(separator: "\n") + "\n")
    }

    private func add(
        _ figure: String, _ decimals: Int, _ values: [Double?], case name: String, to table: inout TextTable
    ) {
        var row = [name, figure] + values.map { $0.map { TextTable.number($0, decimals: decimals) } ?? "-" }
        if values.count == 2 {
            if let left = values[0], let right = values[1], right > 0 {
                row.append(TextTable.number(left / right, decimals: 2))
            } else {
                row.append("-")
            }
        }
        table.add(row)
    }

    private func notes() -> [String] {
        var notes: [String] = []
        for figures in cases {
            for (index, figure) in figures.enumerated() {
                let what = labels.count > 1 ? "\(figure.name), \(labels[index])" : figure.name
                for remark in figure.remarks { notes.append("\(what): \(remark)") }
                if figure.generatorBusy >= Self.busy {
                    notes.append("\(what): the load generator's thread was busy all the time; the server may do more")
                }
            }
        }
        return notes
    }
}
