import GarageDomain

/// A car that waits at a gate.
enum Car: Hashable, Sendable {
    /// It has this spot reserved.
    case entering(spot: Int)
    case leaving
}

/// A parking spot. A car on its way to a spot has it reserved, so that no other drives there.
enum Spot: Hashable, Sendable {
    case free, reserved, occupied
}

/// A gate, and the cars before it.
struct Lane: Sendable {
    var gate: SimulatedGate
    var line: [Car] = []
    /// Whether the first car of the line is driving through.
    var isPassing = false
    /// Until when drivers leave the gate alone, because a person has just closed or stopped it.
    var heldUntil: Timestamp
    /// The earliest wake-up in the queue, so that a gate is not woken twice for the same reason.
    var wakeScheduled: Timestamp?
}

/// How cars come and go.
extension GarageModel {
    /// Cars per hour and spot, by the hour of the day.
    private static let arrivalsPerSpot: [Double] = [
        0.15, 0.12, 0.10, 0.10, 0.10, 0.15, 0.35, 0.70, 0.90, 0.70, 0.60, 0.65,
        0.75, 0.70, 0.60, 0.60, 0.65, 0.85, 0.90, 0.70, 0.50, 0.40, 0.30, 0.20,
    ]
    /// How long a gate stays open after a car, and after a person's command, in milliseconds.
    private static let openForCar: Int64 = 20_000
    private static let openForPerson: Int64 = 120_000

    /// Puts the first cars in. One leaves and one comes within the first minute, so that whoever starts a demo sees it
    /// live at any hour.
    mutating func settleCars() {
        guard !spots.isEmpty else { return }
        for spot in spots.indices where traffic.chance(0.5) { spots[spot] = .occupied }
        var isFirst = true
        for spot in spots.indices where spots[spot] == .occupied {
            let rest = Int64(Double(lengthOfStay()) * traffic.unit())
            schedule(.carLeaves(spot: spot), after: isFirst ? traffic.integer(in: 30_000...45_000) : rest)
            isFirst = false
        }
        schedule(.carArrives, after: traffic.integer(in: 4000...12_000))
    }

    mutating func carArrives() {
        scheduleArrival()
        // A driver who finds the garage full drives on.
        guard let spot = traffic.element(of: spots.indices.filter { spots[$0] == .free }) else { return }
        spots[spot] = .reserved
        if let gate = chooseGate(entering: true) {
            carReaches(gate: gate, .entering(spot: spot))
        } else {
            schedule(.carParks(spot: spot), after: traffic.integer(in: 6000...15_000))
        }
    }

    mutating func carLeaves(spot: Int) {
        spots[spot] = .free
        reportSpot(spot)
        if let gate = chooseGate(entering: false) {
            schedule(.carReaches(gate: gate, car: .leaving), after: traffic.integer(in: 5000...15_000))
        }
    }

    mutating func carReaches(gate: Int, _ car: Car) {
        lanes[gate].line.append(car)
        driverPresses(gate: gate)
    }

    /// The driver at the front of the line presses the remote control, or drives on through the open gate.
    mutating func driverPresses(gate: Int) {
        guard !lanes[gate].line.isEmpty else { return }
        if now < lanes[gate].heldUntil {
            queue.insert(.driverPresses(gate: gate), at: lanes[gate].heldUntil)
            return
        }
        follow(gate, lanes[gate].gate.open(for: GarageModel.openForCar, at: now))
        letPass(gate: gate)
    }

    mutating func carPasses(gate: Int) {
        lanes[gate].isPassing = false
        guard lanes[gate].gate.state == .open, !lanes[gate].line.isEmpty else { return }
        if case .entering(let spot) = lanes[gate].line.removeFirst() {
            schedule(.carParks(spot: spot), after: traffic.integer(in: 6000...20_000))
        }
        follow(gate, lanes[gate].gate.open(for: GarageModel.openForCar, at: now))
        letPass(gate: gate)
    }

    mutating func carParks(spot: Int) {
        spots[spot] = .occupied
        reportSpot(spot)
        schedule(.carLeaves(spot: spot), after: max(2000, lengthOfStay()))
    }

    mutating func gateWakes(_ gate: Int) {
        lanes[gate].wakeScheduled = nil
        while let due = lanes[gate].gate.wakesAt, due <= now {
            let share = obstruction()
            follow(gate, lanes[gate].gate.advance(obstructedAfter: share, to: now))
        }
        follow(gate, [])
    }

    mutating func obey(_ action: GateAction, gate: Int) {
        let reports: [SimulatedGate.Report]
        switch action {
        case .open:
            lanes[gate].heldUntil = now
            reports = lanes[gate].gate.open(for: GarageModel.openForPerson, at: now)
        case .close:
            lanes[gate].heldUntil = now.adding(milliseconds: 30_000)
            let share = obstruction()
            reports = lanes[gate].gate.close(obstructedAfter: share, at: now)
        case .stop:
            lanes[gate].heldUntil = now.adding(milliseconds: 60_000)
            reports = lanes[gate].gate.stop(at: now)
        }
        if reports.isEmpty { reportGate(gate, .state(lanes[gate].gate.state)) }
        follow(gate, reports)
    }

    /// Publishes what a gate did, and lets the cars before it react.
    private mutating func follow(_ gate: Int, _ reports: [SimulatedGate.Report]) {
        for report in reports { reportGate(gate, report) }
        if !reports.isEmpty, !lanes[gate].line.isEmpty {
            switch lanes[gate].gate.state {
            case .open: letPass(gate: gate)
            case .closed, .closing, .stopped: schedule(.driverPresses(gate: gate), after: 5000)
            case .opening: break
            }
        }
        if let wake = lanes[gate].gate.wakesAt, lanes[gate].wakeScheduled.map({ wake < $0 }) ?? true {
            lanes[gate].wakeScheduled = wake
            queue.insert(.gateWakes(gate), at: wake)
        }
    }

    private mutating func letPass(gate: Int) {
        guard lanes[gate].gate.state == .open, !lanes[gate].line.isEmpty, !lanes[gate].isPassing else { return }
        lanes[gate].isPassing = true
        schedule(.carPasses(gate: gate), after: traffic.integer(in: 2500...4500))
    }

    /// Cars enter by the first, third, … gate and leave by the others; a lone gate serves both ways.
    private mutating func chooseGate(entering: Bool) -> Int? {
        guard lanes.count > 1 else { return lanes.isEmpty ? nil : 0 }
        let choices = lanes.indices.filter { $0.isMultiple(of: 2) == entering }
        return traffic.element(of: choices)
    }

    /// Two of three drivers run an errand, some stay for hours, a few for the working day; in real milliseconds.
    private mutating func lengthOfStay() -> Int64 {
        let minutes: ClosedRange<Int64>
        switch traffic.unit() {
        case ..<0.65: minutes = 3...20
        case ..<0.90: minutes = 25...120
        default: minutes = 150...540
        }
        return real(traffic.integer(in: (minutes.lowerBound * 60_000)...(minutes.upperBound * 60_000)))
    }

    /// Finds the next arrival by trying one short span of the day after the other.
    private mutating func scheduleArrival() {
        let count = Double(spots.count)
        let span = min(60_000, max(1, 900_000 / count))
        var elapsed = 0.0
        repeat {
            let ahead = now.adding(milliseconds: Int64(elapsed / settings.speed))
            let hour = clock(at: ahead).flooredDivision(by: 3_600_000)
            let perHour = GarageModel.arrivalsPerSpot[Int(((hour % 24) + 24) % 24)] * count
            elapsed += span
            if traffic.chance(perHour * span / 3_600_000) { break }
        } while elapsed < 86_400_000
        elapsed -= span * traffic.unit()
        let real = Int64(elapsed * 1000 / settings.speed)
        queue.insert(.carArrives, at: Timestamp(microseconds: now.microseconds.addingClamped(max(1, real))))
    }
}

extension Int64 {
    /// The sum, or the greatest number if it does not fit. Both are not negative.
    func addingClamped(_ other: Int64) -> Int64 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? .max : sum
    }
}
