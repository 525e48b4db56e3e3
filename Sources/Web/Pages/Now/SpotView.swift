import GarageDomain
import Views

/// The parking spots as a plan and as rows.
struct SpotView {
    let spots: [SpotRow]
    let gates: [GateCard]
    let text: PageText

    init(spots: [SpotRow], gates: [GateCard], text: PageText) {
        self.spots = spots.sorted { SpotView.comesFirst($0.subject, $1.subject) }
        self.gates = gates
        self.text = text
    }

    func values() -> [String: Any] {
        let taken = spots.count { $0.occupied }
        let free = spots.count - taken
        let plan = GaragePlan(bays: spots.map(bay), gates: gates.map(planGate))
        let label = text.words.text("plan_label")
        return [
            "t": text.words.texts,
            "hasSpots": !spots.isEmpty,
            "summary": text.words.text("spots_free", ["free": String(free), "count": String(spots.count)]),
            "free": String(free),
            "count": String(spots.count),
            "isFull": free == 0,
            // Two drawings, of which the page's width shows one: rows that fit a screen, and rows that fit a phone.
            "wide": plan.svg(columns: spots.count <= 16 ? 8 : 10, variant: .wide, label: label),
            "narrow": plan.svg(columns: 4, variant: .narrow, label: label),
            "rows": spots.map(row),
        ]
    }

    private func bay(_ spot: SpotRow) -> GaragePlan.Bay {
        let isUncertain = spot.deviceOnline == false
        let word = text.words.text(spot.occupied ? "spot_taken" : "spot_free")
        let since = text.words.text("since", ["time": text.shortTimeText(spot.since)])
        var description = "\(text.title(spot.subject)): \(word), \(since) (\(text.utc(spot.since)))"
        if isUncertain { description += ", " + text.words.text("device_offline_short") }
        let short = compactTime(spot.since)
        return GaragePlan.Bay(
            name: spot.subject.name.text, isOccupied: spot.occupied, isUncertain: isUncertain,
            word: isUncertain ? text.words.text("spot_uncertain") : word,
            since: text.words.text("since", ["time": short]), shortSince: short, description: description,
            path: text.path(spot.subject))
    }

    /// What fits below a car: the time today, else the day.
    private func compactTime(_ moment: Timestamp) -> String {
        let local = text.clock.local(moment)
        guard local.dayNumber != text.clock.local(text.now).dayNumber else { return local.hourAndMinute }
        return text.words.text(
            "date_compact",
            [
                "day": String(local.day), "month": text.words.text("month_short_\(local.month)"),
                "number": String(local.month),
            ])
    }

    private func planGate(_ card: GateCard) -> GaragePlan.Gate {
        let state = text.words.text("gate_" + (card.gate.state?.rawValue ?? "unknown"))
        return GaragePlan.Gate(
            name: text.name(card.gate.subject), door: card.door(at: text.now),
            description: "\(text.title(card.gate.subject)): \(state)", path: text.path(card.gate.subject))
    }

    private func row(_ spot: SpotRow) -> [String: Any] {
        [
            "name": text.name(spot.subject),
            "path": text.path(spot.subject),
            "state": text.words.text(spot.occupied ? "spot_taken" : "spot_free"),
            "icon": text.icon(spot.occupied ? "car" : "spot-free"),
            "tone": spot.occupied ? "plain" : "good",
            "since": text.shortTime(spot.since),
            "elapsed": text.elapsed(spot.since),
            "device": (spot.device ?? "").cut(to: 64),
            "isOffline": spot.deviceOnline == false,
        ]
    }

    /// Orders names as people count: `A2` before `A10`.
    static func comesFirst(_ left: Subject, _ right: Subject) -> Bool {
        if left.garage != right.garage { return left.garage < right.garage }
        let (leftKey, rightKey) = (key(left.name.text), key(right.name.text))
        return leftKey == rightKey ? left.name < right.name : leftKey.lexicographicallyPrecedes(rightKey)
    }

    /// The name with every number padded to the same width.
    private static func key(_ name: String) -> [UInt8] {
        var key: [UInt8] = []
        var digits: [UInt8] = []
        func flush() {
            guard !digits.isEmpty else { return }
            key.append(contentsOf: repeatElement(UInt8(ascii: "0"), count: max(0, 64 - digits.count)))
            key.append(contentsOf: digits)
            digits = []
        }
        for byte in name.lowercased().utf8 {
            if (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) {
                digits.append(byte)
            } else {
                flush()
                key.append(byte)
            }
        }
        flush()
        return key
    }
}
