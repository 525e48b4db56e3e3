extension GarageState {
    /// Whether a request is obeyed, and what that takes.
    func decide(_ request: CommandRequest, at now: Timestamp, settings: GarageSettings) -> Decision {
        let id = request.commandID
        let gate = request.gate
        if let first = commands[id] {
            let isSame = first.gate == gate && first.action == request.text.action
            return Decision(verdict: isSame ? .repeated(id: id, first: first) : .conflict(id: id, first: first))
        }
        let expiresAt = request.expiresAt(settings: settings)
        guard let action = request.text.action else {
            return rejected(request, request.isRetained ? .retained : .unreadable)
        }
        if let reason = refusal(of: request, action, expiresAt: expiresAt, at: now) { return rejected(request, reason) }

        let status = gates[gate] ?? GateStatus()
        let requested = CommandRequested(
            commandID: id, action: action, expiresAt: expiresAt, reason: request.text.reason)
        var decision = Decision(
            events: [DomainEvent(gate, .commandRequested(requested))], verdict: .accepted(id: id))
        if let earlier = status.command {
            decision.events.append(DomainEvent(gate, earlier.failed(.superseded)))
        } else if action != .stop, let state = status.state, action.isReached(in: state) {
            let command = CommandUnderWay(id: id, action: action, requestedAt: now, expiresAt: expiresAt)
            decision.events.append(DomainEvent(gate, command.completed(in: state, at: now)))
            return decision
        }
        decision.directives = [.actuate(gate: gate, action: action, commandID: id, expiresAt: expiresAt)]
        return decision
    }

    private func rejected(_ request: CommandRequest, _ reason: CommandRejected.Reason) -> Decision {
        let body = CommandRejected(commandID: request.commandID, action: request.text.action, reason: reason)
        return Decision(
            events: [DomainEvent(request.gate, .commandRejected(body))],
            verdict: .rejected(id: request.commandID, reason: reason))
    }

    /// Why a readable request is refused, or `nil`. First the doubts about the message itself, then the gate's.
    ///
    /// `stop` is refused only where the message itself is no good, never for the sake of the gate's state.
    private func refusal(
        of request: CommandRequest, _ action: GateAction, expiresAt: Timestamp, at now: Timestamp
    ) -> CommandRejected.Reason? {
        if request.isRetained { return .retained }
        if !request.isPermitted { return .notAllowed }
        // A second stop does no harm, and an id of the sender's own is honoured once anyway.
        if request.isRedelivered, request.text.id == nil, action != .stop { return .redelivered }
        if expiresAt <= now { return .expired }
        guard let status = gates[request.gate], status.reporter != nil || status.state != nil else {
            return .unknownGate
        }
        if action == .stop { return nil }
        if action == .close, status.obstructed { return .obstructed }
        if isOffline(status) { return .offline }
        if action == .close, status.state == nil { return .unknownState }
        if let earlier = status.command, earlier.action != .stop { return .busy }
        return nil
    }

    /// Whether the gate's device is known to be away. A gate whose device is not known is not.
    private func isOffline(_ status: GateStatus) -> Bool {
        guard let clientID = status.reporter, let bound = devicesOfClients[clientID] else { return false }
        return !bound.contains { devices[$0]?.online == true }
    }
}

extension CommandRequest {
    /// The moment from which on the request is void: the nearest of its own word, the message's expiry and the limits.
    func expiresAt(settings: GarageSettings) -> Timestamp {
        let wanted = text.expiresInSeconds ?? settings.commandLifetimeSeconds
        let seconds = min(wanted, messageExpirySeconds ?? wanted, settings.longestCommandLifetimeSeconds)
        return receivedAt.adding(milliseconds: Int64(min(max(seconds, 0), 86_400)) * 1000)
    }
}
