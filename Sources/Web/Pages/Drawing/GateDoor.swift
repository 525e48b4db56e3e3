import Charts
import GarageDomain
import Views

/// A gate seen from the street, with its door as far up as it is open.
struct GateDoor {
    /// 0 is closed, 1 is open.
    var openness: Double
    /// Where the door is going and how many milliseconds it has yet to go, while it moves.
    var motion: (target: Double, milliseconds: Int64)?
    var state: GateState?

    private static let height = 88.0

    /// How long a movement takes when nothing is known about the gate, in milliseconds.
    static let usualTravel: Int64 = 15_000

    /// The door of a gate in this state since a moment.
    ///
    /// Gates report no position, so a moving door is drawn where it would be if it moved evenly and took as long as the
    /// last time.
    init(state: GateState?, since: Timestamp?, now: Timestamp, travel: Int64 = GateDoor.usualTravel) {
        self.state = state
        let elapsed = since.map { now.milliseconds(since: $0) } ?? 0
        let travel = max(1000, min(travel, 300_000))
        let share = min(0.95, Double(min(elapsed, travel)) / Double(travel))
        switch state {
        case .open: openness = 1
        case .closed: openness = 0
        case .opening:
            openness = max(0.06, share)
            motion = (1, max(0, travel - elapsed))
        case .closing:
            openness = 1 - max(0.06, share)
            motion = (0, max(0, travel - elapsed))
        case .stopped: openness = 0.5
        case nil: openness = 0.5
        }
    }

    func svg(id: String, label: String) -> Markup {
        let shift = SVG.number(-openness * GateDoor.height * 0.94)
        var attributes: Markup = ""
        if let motion {
            let target = SVG.number(-motion.target * GateDoor.height * 0.94)
            attributes = #" data-door="\#(target)" data-ms="\#(motion.milliseconds)""#
        }
        let slats = stride(from: 24.0, to: 112, by: 17.6).map { y -> Markup in
            #"<path class="slat" d="M16 \#(SVG.number(y + 17.6))h128"/>"#
        }
        let arrow: Markup =
            switch state {
            case .opening: #"<path class="arrow" d="M80 88V56m-13 13 13-13 13 13"/>"#
            case .closing: #"<path class="arrow" d="M80 50v32m-13-13 13 13 13-13"/>"#
            case nil:
                #"<path class="arrow still" d="M71 60c0-12 18-12 18-1 0 8-9 8-9 16m0 10v.5"/>"#
            default: ""
            }
        return """
            <svg class="door \(state?.rawValue ?? "unknown")" viewBox="0 0 160 120" role="img" aria-label="\(label)">\
            <clipPath id="door-\(id)"><path d="M16 24h128v88H16z"/></clipPath>\
            <path class="inside" d="M16 24h128v88H16z"/><path class="floor" d="M16 112l22-22h84l22 22z"/>\
            <g clip-path="url(#door-\(id))"><g class="panel" transform="translate(0 \(shift))"\(attributes)>\
            <path class="leaf" d="M16 24h128v88H16z"/>\(slats.joined())<path class="handle" d="M70 104h20"/></g></g>\
            <path class="frame" d="M4 112V12q0-6 6-6h140q6 0 6 6v100h-12V24H16v88z"/><path class="ground" d="M0 114h160"/>\
            \(arrow)</svg>
            """
    }
}
