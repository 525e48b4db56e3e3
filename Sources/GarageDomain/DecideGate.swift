extension GarageState {
    /// The events of a gate's report about its state: the movement, and what it means for the command under way.
    func reported(_ state: GateState, of gate: Subject, at now: Timestamp) -> [DomainEvent] {
        let status = gates[gate] ?? GateStatus()
        var events: [DomainEvent] = []
        if status.state != state {
            let took = status.since.map { now.milliseconds(since: $0) }
            let moved = GateMoved(
                from: status.state, to: state, tookMilliseconds: took, commandID: status.cause(of: state, at: now))
            events.append(DomainEvent(gate, .gateMoved(moved)))
        }
        guard let command = status.command, command.isFollowed else { return events }
        if command.action.isReached(in: state) {
            events.append(DomainEvent(gate, command.completed(in: state, at: now)))
        } else if command.movementBegan, command.action.isOpposed(by: state) {
            events += failure(of: command, gate: gate, .reversed)
        }
        return events
    }

    /// The events of a gate's report about what is in its way.
    func reported(obstructed: Bool, of gate: Subject) -> [DomainEvent] {
        let status = gates[gate] ?? GateStatus()
        guard obstructed != status.obstructed else { return [] }
        let event = DomainEvent(gate, obstructed ? .gateObstructed : .gateObstructionCleared)
        guard obstructed, let command = status.command, command.action == .close, command.isFollowed else {
            return [event]
        }
        return [event] + failure(of: command, gate: gate, .obstructed)
    }

    /// The events of an actuate message that went out.
    func actuated(_ commandID: String, receivers: Int, at now: Timestamp, settings: GarageSettings) -> [DomainEvent] {
        guard let gate = commandsUnderWay[commandID], let status = gates[gate], let command = status.command,
            command.id == commandID, command.dispatchedAt == nil, !command.joins
        else { return [] }
        guard receivers > 0 else {
            // A button was not pressed because the gate has come to where it should without it.
            if settings[gate].opener == .toggle, let state = status.state, command.action.isReached(in: state),
                command.action != .stop || needsNoOrderAnyMore(status, settings[gate])
            {
                return [DomainEvent(gate, command.completed(in: state, at: now))]
            }
            return [DomainEvent(gate, command.failed(.notDelivered))]
        }
        let dispatched = CommandDispatched(commandID: commandID, action: command.action, receivers: receivers)
        var events = [DomainEvent(gate, .commandDispatched(dispatched))]
        // A gate that may still begin to obey an earlier command is not known to rest.
        if let state = status.state, command.action.isReached(in: state), status.superseded == nil {
            events.append(DomainEvent(gate, command.completed(in: state, at: now)))
        }
        return events
    }

    /// The events of a warning that went out, or reached nobody who could give it.
    func warned(_ commandID: String, receivers: Int, at now: Timestamp, settings: GarageSettings) -> [DomainEvent] {
        guard let gate = commandsUnderWay[commandID], let command = gates[gate]?.command, command.id == commandID,
            command.dispatchedAt == nil, command.warnedUntil == nil
        else { return [] }
        guard receivers > 0, now < command.expiresAt else {
            return [DomainEvent(gate, command.failed(.notDelivered))]
        }
        let until = now.adding(milliseconds: settings[gate].warningMilliseconds)
        return [
            DomainEvent(gate, .commandWarned(CommandWarned(commandID: commandID, action: command.action, until: until)))
        ]
    }

    /// The commands that have waited too long, and those whose warning is over.
    func overdue(at now: Timestamp, settings: GarageSettings) -> Decision {
        var decision = Decision()
        for (id, gate) in commandsUnderWay.sorted(by: { ($0.value, $0.key) < ($1.value, $1.key) }) {
            guard let status = gates[gate], let command = status.command, command.id == id,
                deadline(of: command, gate: gate, settings: settings) <= now
            else { continue }
            if command.isFollowed {
                decision.events += failure(of: command, gate: gate, .timedOut)
            } else if command.expiresAt <= now {
                decision.events.append(DomainEvent(gate, command.failed(.notDelivered)))
            } else if hindrance(to: command.action, gate: gate, at: now, settings: settings) != nil {
                decision.events.append(DomainEvent(gate, command.failed(.noLongerAllowed)))
            } else {
                decision.directives.append(
                    .actuate(gate: gate, action: command.action, commandID: id, expiresAt: command.expiresAt))
            }
        }
        return decision
    }

    /// A command that was sent did not do what it should; twice in a row, unattended closing is over.
    func failure(of command: CommandUnderWay, gate: Subject, _ reason: CommandFailed.Reason) -> [DomainEvent] {
        let failed = DomainEvent(gate, command.failed(reason))
        guard let status = gates[gate], command.isUnattended, reason.isFaultOfGate, status.unattendedFailures >= 1,
            !status.isUnattendedCloseSuspended
        else { return [failed] }
        return [failed, DomainEvent(gate, .unattendedCloseSuspended)]
    }

    /// The failures of commands whose gate has lost its device.
    func lost(_ lost: [Subject]) -> [DomainEvent] {
        guard !lost.isEmpty, !commandsUnderWay.isEmpty else { return [] }
        return commandsUnderWay.sorted { ($0.value, $0.key) < ($1.value, $1.key) }.flatMap {
            id, gate -> [DomainEvent] in
            guard let status = gates[gate], let command = status.command, command.id == id, command.isFollowed,
                let reporter = status.reporter, let bound = devicesOfClients[reporter],
                !bound.contains(where: { devices[$0]?.online == true && !lost.contains($0) })
            else { return [] }
            return failure(of: command, gate: gate, .deviceLost)
        }
    }

    /// When a command that is under way has waited long enough.
    func deadline(of command: CommandUnderWay, gate: Subject, settings: GarageSettings) -> Timestamp {
        if let start = command.dispatchedAt ?? (command.joins ? command.requestedAt : nil) {
            let ceiling = settings.commandTimeoutMilliseconds
            let known = settings[gate].travelSeconds.map { Int64($0) * 1000 }
            guard let travel = known ?? gates[gate]?.travel.milliseconds(command.action), travel < ceiling / 2 else {
                return start.adding(milliseconds: ceiling)
            }
            return start.adding(milliseconds: min(max(travel * 2, 10_000), ceiling))
        }
        guard let until = command.warnedUntil, !ordered.contains(command.id) else { return command.expiresAt }
        return min(until, command.expiresAt)
    }
}

extension CommandFailed.Reason {
    /// Whether the gate had its chance and did not do it.
    var isFaultOfGate: Bool {
        switch self {
        case .timedOut, .reversed, .obstructed, .deviceLost: true
        case .notDelivered, .superseded, .interrupted, .noLongerAllowed: false
        }
    }
}

extension CommandUnderWay {
    /// Whether what the gate does now is held against the command.
    var isFollowed: Bool { dispatchedAt != nil || joins }

    func completed(in state: GateState, at now: Timestamp) -> EventBody {
        .commandCompleted(
            CommandCompleted(
                commandID: id, action: action, state: state, tookMilliseconds: now.milliseconds(since: requestedAt)))
    }

    func failed(_ reason: CommandFailed.Reason) -> EventBody {
        .commandFailed(CommandFailed(commandID: id, action: action, reason: reason))
    }
}

extension GateStatus {
    /// The command that a change to `next` is attributed to; `nil` if nobody is known to have asked for it.
    func cause(of next: GateState, at now: Timestamp) -> String? {
        let sent = command.flatMap { $0.dispatchedAt == nil ? nil : $0 }
        let superseded = superseded.flatMap { now <= $0.until ? $0 : nil }
        if next.isMoving {
            // What begins to move while a command is out moves because of it, even if it goes the wrong way.
            if let sent, sent.action != .stop { return sent.id }
            if let superseded, superseded.action.movement == next { return superseded.id }
            // A movement that turns round on its way is still the one that was begun.
            return state?.isMoving == true ? movementCommandID : nil
        }
        if next == .stopped, let sent, sent.action == .stop { return sent.id }
        if state?.isMoving == true { return movementCommandID }
        // A gate that reports only its end positions is never seen moving.
        if let sent, sent.action != .stop, sent.action.isReached(in: next) { return sent.id }
        if let superseded, superseded.action.isReached(in: next) { return superseded.id }
        return nil
    }
}
