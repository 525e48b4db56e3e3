extension GarageState {
    /// Takes in one event. Total: any event can be applied to any state.
    ///
    /// - Parameters:
    ///   - time: when the event happened.
    ///   - clientID: the MQTT client that the event came from, as in the event's metadata.
    public mutating func evolve(_ event: DomainEvent, at time: Timestamp, clientID: String? = nil) {
        let subject = event.subject
        switch event.body {
        case .gateMoved(let moved): evolve(gate: subject, moved, at: time, clientID: clientID)
        case .gateObstructed:
            gates[subject, default: GateStatus()].obstructed = true
            note(reporter: clientID, of: subject)
        case .gateObstructionCleared:
            gates[subject, default: GateStatus()].obstructed = false
            note(reporter: clientID, of: subject)
        case .commandRequested(let requested): evolve(gate: subject, requested, at: time)
        case .commandRejected(let rejected):
            let outcome = CommandRecord.Outcome.rejected(rejected.reason)
            commands.add(
                CommandRecord(gate: subject, action: rejected.action, requestedAt: time, outcome: outcome),
                id: rejected.commandID)
        case .commandWarned(let warned):
            if gates[subject]?.command?.id == warned.commandID { gates[subject]?.command?.warnedUntil = warned.until }
        case .commandDispatched(let dispatched): evolve(gate: subject, dispatched, at: time)
        case .commandCompleted(let completed):
            end(completed.commandID, gate: subject, outcome: .completed, at: time)
        case .commandFailed(let failed):
            end(failed.commandID, gate: subject, outcome: .failed(failed.reason), at: time)
        case .gateModeChanged(let changed): gates[subject, default: GateStatus()].mode = changed.mode
        case .unattendedCloseChanged(let changed):
            gates[subject, default: GateStatus()].unattendedClose = changed.mode
        case .unattendedCloseSuspended: gates[subject, default: GateStatus()].isUnattendedCloseSuspended = true
        case .unattendedCloseResumed:
            gates[subject, default: GateStatus()].isUnattendedCloseSuspended = false
            gates[subject, default: GateStatus()].unattendedFailures = 0
        case .spotChanged(let changed): spots[subject] = SpotStatus(occupied: changed.occupied, since: time)
        case .readingRecorded, .faultDetected, .faultCleared: evolve(sensor: subject, event.body)
        case .deviceSeen(let seen):
            if devices[subject] == nil { devices[subject] = DeviceStatus(clientID: nil, online: nil, since: time) }
            bind(subject, to: seen.clientID)
        case .deviceConnected(let connected):
            setOnline(true, device: subject, at: time)
            bind(subject, to: connected.clientID)
            withdrawnDevices.remove(subject)
        case .deviceDisconnected(let disconnected):
            setOnline(false, device: subject, at: time)
            devices[subject]?.departure = disconnected.reason
        case .alertRaised(let alert):
            alerts[AlertKey(subject: subject, condition: alert.condition)] = StandingAlert(
                since: time, text: alert.text)
        case .alertCleared(let alert): alerts[AlertKey(subject: subject, condition: alert.condition)] = nil
        case .eventAcknowledged(let acknowledgement): evolve(subject, acknowledgement)
        case .clockChanged(let changed): shift(by: changed.milliseconds)
        case .accessDenied, .accessChanged, .dataErased, .noteAdded, .mappingAdded, .mappingRemoved, .bridgeConnected,
            .bridgeDisconnected:
            break
        }
    }

    /// Takes in what an input tells about live connections although no event says it again.
    mutating func noteConnections(_ input: Input, device: Subject?, at now: Timestamp) {
        switch input {
        case .observed(let observation, let reporter):
            if case .deviceStatus(let device, online: false) = observation {
                if !reporter.isLastWill { withdrawnDevices.insert(device) }
                return
            }
            if reporter.isLastWill { return }
            if let device {
                bind(device, to: reporter.clientID)
                heardDevices[device] = now
            }
            switch observation {
            case .gateState(let gate, _):
                note(reporter: reporter.clientID, of: gate)
                heard[gate] = now
                devicesOfGates[gate] = reporter.deviceName == nil ? nil : device
            case .obstruction(let gate, _): note(reporter: reporter.clientID, of: gate)
            case .spot(let spot, _): heardSpots[spot] = now
            case .reading, .fault, .deviceStatus: break
            }
        case .restarted:
            // What was said while the service was down is not known, so the waiting begins anew.
            heardSpots = spots.mapValues { _ in now }
            withdrawnDevices.removeAll()
            heard.removeAll()
            devicesOfGates.removeAll()
            heardDevices.removeAll()
        case .clientConnected, .clientDisconnected, .commandReceived, .actuated, .warned, .modeSet,
            .unattendedCloseSet, .unattendedCloseResumed, .acknowledged, .clockChanged, .tick:
            break
        }
    }
}

extension GarageState {
    private mutating func evolve(gate: Subject, _ moved: GateMoved, at time: Timestamp, clientID: String?) {
        var status = gates[gate] ?? GateStatus()
        status.state = moved.to
        status.since = time
        status.openSince = moved.to == .closed ? nil : status.openSince ?? time
        status.travel.note(moved, at: time, sentAt: status.command?.dispatchedAt)
        status.movementCommandID = moved.to.isMoving ? moved.commandID : nil
        if !moved.to.isMoving {
            status.superseded = nil
            if status.command?.dispatchedAt != nil { status.command?.hasRested = true }
        }
        if let command = status.command, command.isFollowed, command.action.movement == moved.to {
            status.command?.movementBegan = true
        }
        gates[gate] = status
        note(reporter: clientID, of: gate)
    }

    private mutating func evolve(gate: Subject, _ requested: CommandRequested, at time: Timestamp) {
        var status = gates[gate] ?? GateStatus()
        if let earlier = status.command, earlier.dispatchedAt != nil, earlier.action != .stop {
            status.superseded = earlier.ended(at: time, travel: status.travel)
        }
        var command = CommandUnderWay(
            id: requested.commandID, action: requested.action, requestedAt: time, expiresAt: requested.expiresAt)
        command.isUnattended = requested.isUnattended
        command.joins = requested.joins
        command.movementBegan = requested.joins
        status.command = command
        gates[gate] = status
        commandsUnderWay[requested.commandID] = gate
        commands.add(
            CommandRecord(gate: gate, action: requested.action, requestedAt: time, outcome: .requested),
            id: requested.commandID)
    }

    private mutating func evolve(gate: Subject, _ dispatched: CommandDispatched, at time: Timestamp) {
        commands.update(dispatched.commandID, outcome: .dispatched)
        guard var status = gates[gate], var command = status.command, command.id == dispatched.commandID else { return }
        command.dispatchedAt = time
        command.movementBegan = status.state != nil && status.state == command.action.movement
        status.command = command
        gates[gate] = status
    }

    private mutating func end(_ commandID: String, gate: Subject, outcome: CommandRecord.Outcome, at time: Timestamp) {
        commands.update(commandID, outcome: outcome)
        commandsUnderWay[commandID] = nil
        ordered.remove(commandID)
        guard var status = gates[gate], let command = status.command, command.id == commandID else { return }
        status.command = nil
        status.superseded = nil
        if case .failed(let reason) = outcome, reason.isFaultOfGate {
            if command.isUnattended { status.unattendedFailures += 1 }
            // It may only be slow: what it does in the next minutes is still the command's doing.
            if command.dispatchedAt != nil, command.action != .stop, status.state?.isMoving != true {
                status.superseded = command.ended(at: time, travel: status.travel)
                // It had its time: a stop is not needed any more, and could start a gate with one button.
                if reason == .timedOut { status.superseded?.hasRested = true }
            }
        } else if outcome == .completed, command.isUnattended {
            status.unattendedFailures = 0
        }
        gates[gate] = status
    }

    private mutating func evolve(_ subject: Subject, _ acknowledgement: Acknowledgement) {
        if acknowledged.count >= 10_000, let oldest = acknowledged.min() { acknowledged.remove(oldest) }
        acknowledged.insert(acknowledgement.position)
        guard let condition = acknowledgement.condition else { return }
        alerts[AlertKey(subject: subject, condition: condition)]?.isAcknowledged = true
    }

    private mutating func note(reporter clientID: String?, of gate: Subject) {
        guard let clientID, let status = gates[gate], status.reporter != clientID else { return }
        gates[gate]?.reporter = clientID
    }
}

extension GarageState {
    private mutating func evolve(sensor: Subject, _ body: EventBody) {
        guard var status = sensors[sensor] else {
            if case .faultDetected = body {
                var status = SensorStatus()
                status.take(body)
                sensors[sensor] = status
            }
            return
        }
        status.take(body)
        sensors[sensor] = status.isGood ? nil : status
    }

    private mutating func setOnline(_ online: Bool, device: Subject, at time: Timestamp) {
        var status = devices[device] ?? DeviceStatus(clientID: nil, online: nil, since: time)
        status.online = online
        status.since = time
        devices[device] = status
    }

    /// Makes `clientID` the client that the device is reached through.
    private mutating func bind(_ device: Subject, to clientID: String?) {
        guard let clientID, let status = devices[device], status.clientID != clientID else { return }
        if let earlier = status.clientID {
            devicesOfClients[earlier]?.removeAll { $0 == device }
            if devicesOfClients[earlier]?.isEmpty == true { devicesOfClients[earlier] = nil }
        }
        devices[device]?.clientID = clientID
        var bound = devicesOfClients[clientID] ?? []
        bound.insert(device, at: bound.firstIndex { device < $0 } ?? bound.count)
        devicesOfClients[clientID] = bound
    }
}

extension GateAction {
    /// The end from which a gate begins to obey; `nil` for `stop`.
    var start: GateState? {
        switch self {
        case .open: .closed
        case .close: .open
        case .stop: nil
        }
    }

    /// The state of a gate that is on its way to obey; `nil` for `stop`.
    var movement: GateState? {
        switch self {
        case .open: .opening
        case .close: .closing
        case .stop: nil
        }
    }

    /// Whether a gate in this state has done what was asked.
    func isReached(in state: GateState) -> Bool {
        switch self {
        case .open: state == .open
        case .close: state == .closed
        case .stop: !state.isMoving
        }
    }

    /// Whether a gate in this state goes or has gone the other way.
    func isOpposed(by state: GateState) -> Bool {
        switch self {
        case .open: state == .closing || state == .closed
        case .close: state == .opening || state == .open
        case .stop: false
        }
    }
}

extension CommandUnderWay {
    /// What is remembered of the command after its end: it may still move the gate for twice the gate's travel time.
    func ended(at time: Timestamp, travel: TravelTimes) -> SupersededCommand {
        let known = travel.milliseconds(action).map { max($0 * 2, 10_000) }
        return SupersededCommand(
            id: id, action: action, until: time.adding(milliseconds: known ?? 60_000), hasRested: hasRested)
    }
}
