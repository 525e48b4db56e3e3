extension GarageState {
    /// The events of a gate's report about its state: the movement, and what it means for the command under way.
    func reported(_ state: GateState, of gate: Subject, at now: Timestamp) -> [DomainEvent] {
        let status = gates[gate] ?? GateStatus()
        var events: [DomainEvent] = []
        if status.state != state {
            let took = status.since.map { now.milliseconds(since: $0) }
            let moved = GateMoved(
                from: status.state, to: state, tookMilliseconds: took, commandID: status.cause(of: state))
            events.append(DomainEvent(gate, .gateMoved(moved)))
        }
        guard let command = status.command, command.dispatchedAt != nil else { return events }
        if command.action.isReached(in: state) {
            events.append(DomainEvent(gate, command.completed(in: state, at: now)))
        } else if command.movementBegan, command.action.isOpposed(by: state) {
            events.append(DomainEvent(gate, command.failed(.reversed)))
        }
        return events
    }

    /// The events of an actuate message that went out.
    func actuated(_ commandID: String, receivers: Int, at now: Timestamp) -> [DomainEvent] {
        guard let gate = commandsUnderWay[commandID], let status = gates[gate], let command = status.command,
            command.id == commandID, command.dispatchedAt == nil
        else { return [] }
        guard receivers > 0 else { return [DomainEvent(gate, command.failed(.notDelivered))] }
        let dispatched = CommandDispatched(commandID: commandID, action: command.action, receivers: receivers)
        var events = [DomainEvent(gate, .commandDispatched(dispatched))]
        // A gate that may still begin to obey an earlier command is not known to rest.
        if let state = status.state, command.action.isReached(in: state), status.superseded == nil {
            events.append(DomainEvent(gate, command.completed(in: state, at: now)))
        }
        return events
    }

    /// The commands that have waited too long.
    func overdue(at now: Timestamp, settings: GarageSettings) -> [DomainEvent] {
        commandsUnderWay.sorted { ($0.value, $0.key) < ($1.value, $1.key) }
            .compactMap { id, gate in
                guard let command = gates[gate]?.command, command.id == id,
                    command.deadline(settings: settings) <= now
                else { return nil }
                return DomainEvent(gate, command.failed(command.dispatchedAt == nil ? .notDelivered : .timedOut))
            }
    }
}

extension CommandUnderWay {
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
    func cause(of next: GateState) -> String? {
        let sent = command.flatMap { $0.dispatchedAt == nil ? nil : $0 }
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
