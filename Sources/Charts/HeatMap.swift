/// Shares from 0 to 1 in rows and columns, darker where they are larger.
public struct HeatMap: Sendable {
    /// A row: its label and its shares, `nil` where nothing is known.
    public struct Row: Sendable, Hashable {
        public var label: String
        public var shares: [Double?]

        public init(label: String, shares: [Double?]) {
            self.label = label
            self.shares = shares
        }
    }

    public var rows: [Row]
    /// A label for each column; an empty one takes no place.
    public var columns: [String]
    /// A cell in words.
    public var title: @Sendable (_ row: Int, _ column: Int, _ share: Double?) -> String

    public init(
        rows: [Row], columns: [String],
        title: @escaping @Sendable (_ row: Int, _ column: Int, _ share: Double?) -> String
    ) {
        self.rows = rows
        self.columns = columns
        self.title = title
    }

    /// How many steps of darkness there are beside none.
    public static let steps = 5

    /// 0 for nothing, up to `steps`; a share that is small but not nothing is at least 1.
    public static func step(_ share: Double) -> Int {
        guard share > 0 else { return 0 }
        return min(steps, max(1, Int((share * Double(steps)).rounded(.up))))
    }

    public func svg(width: Double, variant: String, label: String) -> String {
        let (left, cellHeight) = (48.0, 26.0)
        let cellWidth = (width - left) / Double(max(1, columns.count))
        var svg = ""
        for (index, row) in rows.enumerated() {
            let y = Double(index) * cellHeight
            svg += #"<text class="value" x="40" y="\#(SVG.number(y + 17))">\#(SVG.escape(row.label))</text>"#
            for (column, share) in row.shares.prefix(columns.count).enumerated() {
                let kind = share.map { "s\(HeatMap.step($0))" } ?? "none"
                svg += #"<rect class="cell \#(kind)" x="\#(SVG.number(left + Double(column) * cellWidth + 1))" "#
                svg += #"y="\#(SVG.number(y + 1))" width="\#(SVG.number(cellWidth - 2))" "#
                svg += #"height="\#(SVG.number(cellHeight - 2))" rx="3"><title>"#
                svg += SVG.escape(title(index, column, share)) + "</title></rect>"
            }
        }
        let bottom = Double(rows.count) * cellHeight + 18
        for (column, name) in columns.enumerated() where !name.isEmpty {
            let x = left + (Double(column) + 0.5) * cellWidth
            svg += #"<text class="hour" x="\#(SVG.number(x))" y="\#(SVG.number(bottom))">\#(SVG.escape(name))</text>"#
        }
        return """
            <svg class="chart heat \(variant)" viewBox="0 0 \(SVG.number(width)) \(SVG.number(bottom + 8))" role="img" \
            aria-label="\(SVG.escape(label))">\(svg)</svg>
            """
    }
}
