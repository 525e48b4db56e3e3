extension GarageState {
    /// The alerts that a decision raises or ends.
    func alerts(
        following decision: Decision, of input: Input, at now: Timestamp, settings: GarageSettings
    ) -> [DomainEvent] {
        guard settings.alerts.isOn else { return [] }
        if alerts.isEmpty, decision.isPlainReading { return [] }
        var changes = AlertChanges(standing: alerts)
        for event in decision.events { changes.follow(event, gates[event.subject], at: now, settings: settings) }
        if case .rejected(_, .rateLimited) = decision.verdict, case .commandReceived(let request) = input {
            changes.raise(.tooManyCommands, request.gate, "commands come faster than the limit allows")
        }
        if case .observed = input, let device = decision.device { changes.clear(.silentDevice, device) }
        if case .observed(.spot(let spot, _), _) = input { changes.clear(.silentSpot, spot) }
        if case .observed(let observation, _) = input, observation.subject.kind == .sensor {
            judge(observation, decision.events, &changes)
        }
        if case .tick = input { raiseOverdue(&changes, at: now, settings: settings) }
        return changes.events
    }

    /// The events of someone's having taken note of an event. An alert whose condition does not end by itself is over.
    func acknowledged(_ position: Int64, condition: String?, of subject: Subject) -> [DomainEvent] {
        guard !acknowledged.contains(position) else { return [] }
        var events = [
            DomainEvent(subject, .eventAcknowledged(Acknowledgement(position: position, condition: condition)))
        ]
        if let condition, AlertCondition(rawValue: condition)?.isMomentary == true,
            let alert = alerts[AlertKey(subject: subject, condition: condition)]
        {
            events.append(DomainEvent(subject, .alertCleared(Alert(condition: condition, text: alert.text))))
        }
        return events
    }

    /// When the next alert is due or the next gate closes itself; `nil` if nothing waits.
    func nextTimer(settings: GarageSettings) -> Timestamp? {
        let closings = gates.keys.compactMap { closingTime(of: $0, settings: settings) }
        let silences = silenceDeadlines(settings: settings).map(\.due)
        guard settings.alerts.isOn else { return (closings + silences).min() }
        let alerts = timers(settings: settings).filter { self.alerts[$0.key] == nil }.map(\.due)
        return (closings + alerts + silences).min()
    }

    /// The alert of a sensor whose reports hold nothing plausible, or do so again.
    private func judge(_ observation: Observation, _ events: [DomainEvent], _ changes: inout AlertChanges) {
        let (sensor, quantity): (Subject, Quantity?)
        switch observation {
        case .reading(let subject, let measured, _): (sensor, quantity) = (subject, measured)
        case .fault(let subject, let fault): (sensor, quantity) = (subject, fault.quantity)
        case .gateState, .obstruction, .spot, .deviceStatus: return
        }
        let isRecorded = events.contains { if case .readingRecorded = $0.body { true } else { false } }
        guard isRecorded else {
            if (watches[sensor]?.badInARow(quantity) ?? 0) + 1 >= GarageState.mostBadInARow {
                let what = quantity?.rawValue ?? "report"
                changes.raise(.sensorFault, sensor, "\(what) was no plausible value several times in a row")
            }
            return
        }
        var status = sensors[sensor] ?? SensorStatus()
        for event in events where event.subject == sensor { status.take(event.body) }
        if status.isGood { changes.clear(.sensorFault, sensor) }
    }

    private func raiseOverdue(_ changes: inout AlertChanges, at now: Timestamp, settings: GarageSettings) {
        for timer in timers(settings: settings).sorted(by: { $0.key < $1.key }) where timer.due <= now {
            guard let condition = AlertCondition(rawValue: timer.key.condition) else { continue }
            changes.raise(condition, timer.key.subject, timer.text)
        }
    }

    private struct AlertTimer {
        var key: AlertKey
        var due: Timestamp
        var text: String
    }

    private func timers(settings: GarageSettings) -> [AlertTimer] {
        var timers: [AlertTimer] = []
        func add(_ condition: AlertCondition, _ subject: Subject, _ start: Timestamp, minutes: Int, _ text: String) {
            timers.append(
                AlertTimer(
                    key: AlertKey(subject: subject, condition: condition.rawValue),
                    due: start.adding(milliseconds: Int64(minutes) * 60_000), text: text))
        }
        for (gate, status) in gates where status.mode != .maintenance {
            guard let since = status.openSince, let minutes = settings[gate].openTooLongMinutes else { continue }
            add(.openTooLong, gate, since, minutes: minutes, "not closed for \(minutes) min")
        }
        if let hours = settings.alerts.overstayHours {
            for (spot, status) in spots where status.occupied {
                add(.overstay, spot, status.since, minutes: hours * 60, "taken for \(hours) h")
            }
        }
        if let hours = settings.alerts.silentSpotHours {
            for (spot, heard) in heardSpots {
                add(.silentSpot, spot, heard, minutes: hours * 60, "silent for \(hours) h")
            }
        }
        for (device, status) in devices where !withdrawnDevices.contains(device) {
            if status.online == false, let minutes = settings.alerts.lostDeviceMinutes {
                add(.silentDevice, device, status.since, minutes: minutes, "offline for \(minutes) min")
            } else if status.online == true, let minutes = settings.alerts.silentDeviceMinutes {
                let since = max(heardDevices[device] ?? status.since, status.since)
                add(.silentDevice, device, since, minutes: minutes, "silent for \(minutes) min")
            }
        }
        return timers
    }

    // MARK: - Gates that close themselves

    /// The requests of gates that are to close themselves by now: one for each time that a gate was opened, and never a
    /// second, whatever becomes of the first.
    func dueClosings(at now: Timestamp, settings: GarageSettings) -> [CommandRequest] {
        gates.keys.sorted().compactMap { gate in
            guard let due = closingTime(of: gate, settings: settings), due <= now,
                let id = closingID(of: gate)
            else { return nil }
            return CommandRequest(
                gate: gate, text: CommandText(action: .close, id: id), newID: id, receivedAt: now)
        }
    }

    private func closingTime(of gate: Subject, settings: GarageSettings) -> Timestamp? {
        guard let minutes = settings[gate].autoCloseMinutes,
            self.settings(of: gate, settings).unattendedClose != .off,
            let status = gates[gate], status.state == .open, status.command == nil, let since = status.since,
            let id = closingID(of: gate), commands[id] == nil
        else { return nil }
        return since.adding(milliseconds: Int64(minutes) * 60_000)
    }

    private func closingID(of gate: Subject) -> String? {
        gates[gate]?.openSince.map { "auto-\($0.microseconds)-\(gate.id)" }
    }
}

extension Decision {
    /// Whether all that follows is that a reading is recorded, which raises no alert.
    fileprivate var isPlainReading: Bool {
        guard events.count == 1, case .readingRecorded = events[0].body else { return false }
        return true
    }
}

/// The alerts that are raised and ended together, held against those that stand.
private struct AlertChanges {
    private(set) var events: [DomainEvent] = []
    private let before: [AlertKey: StandingAlert]
    /// The texts of the alerts raised since, and `nil` for those ended.
    private var since: [AlertKey: String?] = [:]

    init(standing: [AlertKey: StandingAlert]) { before = standing }

    private func text(of key: AlertKey) -> String? { since[key] ?? before[key]?.text }

    mutating func raise(_ condition: AlertCondition, _ subject: Subject, _ text: String) {
        let key = AlertKey(subject: subject, condition: condition.rawValue)
        guard self.text(of: key) == nil else { return }
        since[key] = .some(text)
        events.append(DomainEvent(subject, .alertRaised(Alert(condition: condition.rawValue, text: text))))
    }

    mutating func clear(_ condition: AlertCondition, _ subject: Subject) {
        let key = AlertKey(subject: subject, condition: condition.rawValue)
        guard let text = text(of: key) else { return }
        since[key] = .some(nil)
        events.append(DomainEvent(subject, .alertCleared(Alert(condition: condition.rawValue, text: text))))
    }

    /// - Parameter status: the gate that the event is about as it was before.
    mutating func follow(_ event: DomainEvent, _ status: GateStatus?, at now: Timestamp, settings: GarageSettings) {
        let subject = event.subject
        let isWatched = status?.mode != .maintenance
        switch event.body {
        case .gateMoved(let moved):
            if moved.to == .closed { clear(.openTooLong, subject) }
            let began = moved.commandID == nil && moved.from != nil && moved.from?.isMoving != true
            if began, isWatched, settings.alerts.night?.contains(settings.minuteOfDay(now)) == true {
                raise(.movedAtNight, subject, "moved in the night without a command")
            }
        case .gateObstructed: if isWatched { raise(.obstructed, subject, "something is in the way") }
        case .gateObstructionCleared: clear(.obstructed, subject)
        case .commandFailed(let failed):
            guard failed.reason.isFaultOfGate || failed.reason == .notDelivered, isWatched else { return }
            raise(.commandFailed, subject, "command to \(failed.action.rawValue) failed: \(failed.reason.rawValue)")
        case .commandCompleted: clear(.commandFailed, subject)
        case .unattendedCloseSuspended:
            raise(.unattendedCloseSuspended, subject, "closing unattended failed twice and is suspended")
        case .unattendedCloseResumed: clear(.unattendedCloseSuspended, subject)
        case .spotChanged(let changed): if !changed.occupied { clear(.overstay, subject) }
        case .deviceConnected: clear(.silentDevice, subject)
        case .faultDetected(let fault):
            if fault.kind == .silent { raise(.sensorFault, subject, "reports nothing, though it used to regularly") }
            if fault.kind == .stuck {
                let quantity = fault.quantity?.rawValue ?? "value"
                raise(.sensorFault, subject, "\(quantity) stays at \(fault.raw) while other sensors move")
            }
        default: break
        }
    }
}
