/// Columns of text: the first two to the left, the numbers behind them to the right.
struct TextTable {
    private var rows: [[String]]

    init(_ heading: [String]) { rows = [heading] }

    mutating func add(_ row: [String]) { rows.append(row) }

    var text: String {
        let widths = (rows.first ?? []).indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            var line = ""
            for (column, cell) in row.enumerated() {
                let space = String(repeating: " ", count: widths[column] - cell.count)
                line += (column == 0 ? "" : "  ") + (column < 2 ? cell + space : space + cell)
            }
            return line + "\n"
        }.joined()
    }

    /// A number with a space between thousands.
    static func number(_ value: Double, decimals: Int) -> String {
        guard value.isFinite, value.magnitude < 1e15 else { return "-" }
        var scale = 1
        for _ in 0..<decimals { scale *= 10 }
        let units = Int((value.magnitude * Double(scale)).rounded())
        var digits = String(units / scale)
        var at = digits.count - 3
        while at > 0 {
            digits.insert(" ", at: digits.index(digits.startIndex, offsetBy: at))
            at -= 3
        }
        if decimals > 0 {
            let fraction = String(units % scale)
            digits += "." + String(repeating: "0", count: decimals - fraction.count) + fraction
        }
        return (value < 0 && units > 0 ? "-" : "") + digits
    }
}
