extension GarageState {
    /// So many reports in a row without a plausible value raise an alert.
    static let mostBadInARow = 3

    /// The events of a measured value.
    func measured(
        _ value: Double, _ quantity: Quantity, by sensor: Subject, at now: Timestamp, settings: GarageSettings
    ) -> [DomainEvent] {
        guard !value.isNaN else {
            return failed(SensorFault(quantity: quantity, kind: .notANumber, raw: value.description), of: sensor)
        }
        guard quantity.range.contains(value) else {
            return failed(SensorFault(quantity: quantity, kind: .outOfRange, raw: value.description), of: sensor)
        }
        var watch = watches[sensor]?[quantity] ?? QuantityWatch()
        let limits = settings.limits(of: sensor)[quantity]
        var events = heardAgain(sensor)
        // Each value that is not believed is kept in the log as it came, also the second and third.
        guard watch.take(value, quantity, at: now, limits: settings.quality.judgesJumps ? limits : nil) else {
            let fault = SensorFault(quantity: quantity, kind: .jump, raw: value.description)
            return events + [DomainEvent(sensor, .faultDetected(fault))]
        }
        let standing = sensors[sensor]?.faults[quantity]
        let isOver = standing == .jump || standing == .stuck && watch.isFresh && watch.hasChanged
        if let standing, isOver {
            events.append(DomainEvent(sensor, .faultCleared(FaultCleared(quantity: quantity, kind: standing))))
        }
        events.append(DomainEvent(sensor, .readingRecorded(Reading(quantity: quantity, value: value))))
        if standing != .stuck, isStuck(watch, quantity, sensor, at: now, limits, settings) {
            let fault = SensorFault(quantity: quantity, kind: .stuck, raw: value.description)
            events.append(DomainEvent(sensor, .faultDetected(fault)))
        }
        return events
    }

    /// A fault is told once until something else comes.
    func failed(_ fault: SensorFault, of sensor: Subject) -> [DomainEvent] {
        let status = sensors[sensor]
        let before = if let quantity = fault.quantity { status?.faults[quantity] } else { status?.reportFault }
        let heard = heardAgain(sensor)
        guard before != fault.kind else { return heard }
        return heard + [DomainEvent(sensor, .faultDetected(fault))]
    }

    /// The faults of sensors that have said nothing for implausibly long.
    func silences(at now: Timestamp, settings: GarageSettings) -> [DomainEvent] {
        silenceDeadlines(settings: settings).filter { $0.due <= now }.map(\.sensor).sorted().map { sensor in
            DomainEvent(sensor, .faultDetected(SensorFault(quantity: nil, kind: .silent, raw: "")))
        }
    }

    /// When each sensor that is heard at a regular pace will have been silent for too long.
    func silenceDeadlines(settings: GarageSettings) -> [(sensor: Subject, due: Timestamp)] {
        let quality = settings.quality
        guard quality.silentAfterMissed > 0 else { return [] }
        return watches.compactMap { sensor, watch in
            guard sensors[sensor]?.reportFault != .silent,
                let patience = watch.cadence.patience(
                    missed: quality.silentAfterMissed,
                    atLeastMilliseconds: Int64(quality.silentAfterSeconds) * 1000)
            else { return nil }
            var start = watch.cadence.lastReport
            if let device = watch.device, let status = devices[device] {
                // A device that was lost is told as such. One that only hung up may be asleep, and has to come back.
                let isAsleep = status.departure == .left && !withdrawnDevices.contains(device)
                if status.online == false, !isAsleep { return nil }
                if status.online == true { start = max(start, status.since) }
            }
            return (sensor, start.adding(milliseconds: patience))
        }
    }

    /// Takes in what a sensor's report tells of its ways.
    mutating func noteSensor(_ input: Input, device: Subject?, at now: Timestamp, settings: GarageSettings) {
        guard case .observed(let observation, let reporter) = input, !reporter.isLastWill else {
            if case .restarted = input { watches.removeAll() }
            return
        }
        switch observation {
        case .reading(let sensor, let quantity, let value):
            watch(sensor, through: device, at: now) { watch in
                watch.takeReadable()
                guard quantity.range.contains(value) else { return watch.takeFault(quantity) }
                let limits = settings.quality.judgesJumps ? settings.limits(of: sensor)[quantity] : nil
                _ = watch[quantity].take(value, quantity, at: now, limits: limits)
            }
        case .fault(let sensor, let fault):
            watch(sensor, through: device, at: now) { $0.takeFault(fault.quantity) }
        case .gateState, .obstruction, .spot, .deviceStatus: break
        }
    }

    private mutating func watch(
        _ sensor: Subject, through device: Subject?, at now: Timestamp, _ body: (inout SensorWatch) -> Void
    ) {
        if let index = watches.index(forKey: sensor) {
            let lastReport = watches.values[index].cadence.lastReport
            let status = device.flatMap { devices[$0] }
            let wasAway =
                status.map { $0.since > lastReport && $0.departure != nil && $0.departure != .left } ?? false
            watches.values[index].cadence.note(at: now, isContinuous: !wasAway)
            watches.values[index].device = device
            body(&watches.values[index])
        } else if watches.count < SensorWatch.capacity {
            var new = SensorWatch(at: now)
            new.device = device
            body(&new)
            watches[sensor] = new
        }
    }

    /// The end of a silence.
    private func heardAgain(_ sensor: Subject) -> [DomainEvent] {
        guard sensors[sensor]?.reportFault == .silent else { return [] }
        return [DomainEvent(sensor, .faultCleared(FaultCleared(quantity: nil, kind: .silent)))]
    }

    private func isStuck(
        _ watch: QuantityWatch, _ quantity: Quantity, _ sensor: Subject, at now: Timestamp, _ limits: QuantityLimits,
        _ settings: GarageSettings
    ) -> Bool {
        guard let longest = settings.quality.longestSame(limits),
            let since = watch.impassiveSince(at: now, longest: longest, ends: limits.ends)
        else { return false }
        return watches.contains { other, watch in
            other != sensor && other.garage == sensor.garage && watch[quantity].hasMoved(since: since)
        }
    }
}
