import Charts
import GarageDomain
import Views

/// The garage from above: bays in rows on both sides of an aisle, with the gates at the aisle's ends.
struct GaragePlan {
    struct Bay {
        var name: String
        var isOccupied: Bool
        /// Whether the device that watches the bay can't be reached, so that the state may be old.
        var isUncertain: Bool
        /// The state in one word.
        var word: String
        /// "since 14:02", and where there is less room, "14:02".
        var since: String
        var shortSince: String
        /// Everything about it, for the tooltip.
        var description: String
        var path: String
    }

    struct Gate {
        var name: String
        var door: GateDoor
        var description: String
        var path: String
    }

    var bays: [Bay]
    var gates: [Gate]

    private static let bay = (width: 84, height: 120)
    private static let aisle = 48
    private static let margin = 22

    /// What a drawing is made for; the raw value is its CSS class.
    enum Variant: String {
        /// A screen.
        case wide
        /// A phone: larger letters and fewer words.
        case narrow
    }

    /// The drawing with so many bays side by side.
    func svg(columns: Int, variant: Variant, label: String) -> Markup {
        let columns = max(1, min(columns, max(1, (bays.count + 1) / 2)))
        let (bay, aisle, margin) = (GaragePlan.bay, GaragePlan.aisle, GaragePlan.margin)
        let rows = max(1, (bays.count + columns - 1) / columns)
        let blocks = (rows + 1) / 2
        let blockHeight = 2 * bay.height + aisle
        let missing = rows % 2 == 1 ? bay.height : 0
        let inner = (width: columns * bay.width, height: blocks * blockHeight + (blocks - 1) * 12 - missing)
        let (width, height) = (inner.width + 2 * margin, inner.height + 2 * 8)

        var drawing: Markup =
            #"<path class="ground" d="M\#(margin) 8h\#(inner.width)v\#(inner.height)h-\#(inner.width)z"/>"#
        for block in 0..<blocks {
            let top = 8 + block * (blockHeight + 12)
            let middle = top + bay.height + aisle / 2
            drawing += #"<path class="lane" d="M\#(margin + 18) \#(middle)H\#(margin + inner.width - 18)"/>"#
            for row in 0..<2 {
                let y = top + row * (bay.height + aisle)
                let first = (block * 2 + row) * columns
                for column in 0..<columns where first + column < bays.count {
                    let x = margin + column * bay.width
                    drawing += self.bay(bays[first + column], x: x, y: y, opensDown: row == 0, variant: variant)
                }
            }
        }
        drawing += walls(inner: inner, blocks: blocks, blockHeight: blockHeight)
        return """
            <svg class="plan \(variant.rawValue)" viewBox="0 0 \(width) \(height)" role="group" aria-label="\(label)">\
            <symbol id="car-\(variant.rawValue)" viewBox="0 0 40 72">\(GaragePlan.car)</symbol>\
            \(Markup.rendered(drawing.html.replacing("#car", with: "#car-\(variant.rawValue)")))</svg>
            """
    }

    private func bay(_ bay: Bay, x: Int, y: Int, opensDown: Bool, variant: Variant) -> Markup {
        let (width, height) = GaragePlan.bay
        let center = x + width / 2
        let lines: Markup =
            opensDown
            ? #"<path class="line" d="M\#(x) \#(y + height)V\#(y)h\#(width)v\#(height)"/>"#
            : #"<path class="line" d="M\#(x) \#(y)v\#(height)h\#(width)V\#(y)"/>"#
        let kind = (bay.isOccupied ? "taken" : "free") + (bay.isUncertain ? " uncertain" : "")
        let body: Markup =
            bay.isOccupied
            ? ##"<use href="#car" x="\##(center - 18)" y="\##(y + 22)" width="36" height="65"/>"##
            : #"<path class="tick" d="m\#(center - 11) \#(y + 55) 8 8 15-17"/>"#
        let name = bay.name.cut(to: 11)
        return """
            <a href="\(bay.path)" class="bay \(kind)"><title>\(bay.description)</title>\
            <path class="tint" d="M\(x + 4) \(y + 3)h\(width - 8)v\(height - 7)h-\(width - 8)z"/>\(lines)\(body)\
            <text class="name\(name.count > 7 ? " long" : "")" x="\(center)" y="\(y + 17)">\(name)</text>\
            <text class="word" x="\(center)" y="\(y + 100)">\(bay.word)</text>\
            <text class="since" x="\(center)" y="\(y + 113)">\(variant == .narrow ? bay.shortSince : bay.since)</text></a>
            """
    }

    /// The outer wall, with an opening at an aisle's end for each gate: the first on the left, the second on the right,
    /// the next at the next aisle.
    private func walls(inner: (width: Int, height: Int), blocks: Int, blockHeight: Int) -> Markup {
        let (left, right) = (GaragePlan.margin, GaragePlan.margin + inner.width)
        var sides: [(x: Int, openings: [(y: Int, gate: Gate)])] = [(left, []), (right, [])]
        for (index, gate) in gates.prefix(2 * blocks).enumerated() {
            let y = 8 + (index / 2) * (blockHeight + 12) + GaragePlan.bay.height + 6
            sides[index % 2].openings.append((y, gate))
        }
        var walls: Markup = #"<path class="wall" d="M\#(left) 8H\#(right)M\#(left) \#(8 + inner.height)H\#(right)"/>"#
        let opening = GaragePlan.aisle - 12
        for side in sides {
            var y = 8
            for entry in side.openings {
                walls += #"<path class="wall" d="M\#(side.x) \#(y)V\#(entry.y)"/>"#
                walls += leaf(entry.gate, x: side.x, y: entry.y, length: opening, isLeft: side.x == left)
                y = entry.y + opening
            }
            walls += #"<path class="wall" d="M\#(side.x) \#(y)V\#(8 + inner.height)"/>"#
        }
        return walls
    }

    private func leaf(_ gate: Gate, x: Int, y: Int, length: Int, isLeft: Bool) -> Markup {
        let shown = Double(length) * (1 - gate.door.openness * 0.9)
        let outside = isLeft ? x - 14 : x + 14
        let arrow =
            isLeft
            ? "M\(outside - 5) \(y + length / 2)h12m-5-5 5 5-5 5" : "M\(outside + 5) \(y + length / 2)h-12m5-5-5 5 5 5"
        let state = gate.door.state?.rawValue ?? "unknown"
        return """
            <a href="\(gate.path)" class="leaf \(state)"><title>\(gate.description)</title>\
            <path class="reach" d="M\(x - 10) \(y)h20v\(length)h-20z"/><path class="way" d="\(arrow)"/>\
            <path class="bar" d="M\(x) \(y)v\(SVG.number(shown))"/>\
            <text class="gate-name \(isLeft ? "left" : "right")" x="\(isLeft ? x + 14 : x - 14)" y="\(y + 9)">\(gate.name.cut(to: 16))</text></a>
            """
    }

    /// A car from above, nose up, in a box of 40 by 72.
    private static let car: Markup = """
        <path class="car-body" d="M9 8q11-7 22 0 4 3 4 10v38q0 8-4 11-11 4-22 0-4-3-4-11V18q0-7 4-10z"/>\
        <path class="car-glass" d="M10 25q10-6 20 0l-2.5 8h-15zM11.5 58q8.5 3 17 0l-1.5-7h-14zM8 29l3 8v10l-3 3zM32 29l-3 8v10l3 3z"/>\
        <path class="car-mirror" d="M5 26l-4 3M35 26l4 3"/>
        """
}
