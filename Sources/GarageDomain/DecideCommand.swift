extension GarageState {
    /// Whether a request is obeyed, and what that takes.
    func decide(_ request: CommandRequest, at now: Timestamp, settings: GarageSettings) -> Decision {
        let id = request.commandID
        let gate = request.gate
        if let first = commands[id] {
            let isSame = first.gate == gate && first.action == request.text.action
            return Decision(verdict: isSame ? .repeated(id: id, first: first) : .conflict(id: id, first: first))
        }
        let plan = ClosePlan(request, settings: self.settings(of: gate, settings))
        let expiresAt = request.expiresAt(settings: settings).adding(milliseconds: plan.warningMilliseconds)
        guard let action = request.text.action else {
            return rejected(request, request.isRetained ? .retained : .unreadable)
        }
        if let reason = refusal(of: request, action, at: now, settings: settings) { return rejected(request, reason) }

        let status = gates[gate] ?? GateStatus()
        var requested = CommandRequested(
            commandID: id, action: action, expiresAt: expiresAt, reason: request.text.reason,
            isUnattended: plan.isUnattended, address: request.address)
        let needsNothing = needsNoOrder(action, gate: gate, settings: settings)
        requested.joins = status.command == nil && !needsNothing && action.movement.map { $0 == status.state } ?? false
        var decision = Decision(
            events: [DomainEvent(gate, .commandRequested(requested))], verdict: .accepted(id: id))
        if let earlier = status.command { decision.events.append(DomainEvent(gate, earlier.failed(.superseded))) }
        if needsNothing, let state = status.state {
            let command = CommandUnderWay(id: id, action: action, requestedAt: now, expiresAt: expiresAt)
            decision.events.append(DomainEvent(gate, command.completed(in: state, at: now)))
        } else if requested.joins {
            return decision
        } else if plan.warningMilliseconds > 0 {
            decision.directives = [
                .warn(gate: gate, commandID: id, milliseconds: plan.warningMilliseconds)
            ]
        } else {
            decision.directives = [.actuate(gate: gate, action: action, commandID: id, expiresAt: expiresAt)]
        }
        return decision
    }

    private func rejected(_ request: CommandRequest, _ reason: CommandRejected.Reason) -> Decision {
        let body = CommandRejected(
            commandID: request.commandID, action: request.text.action, reason: reason, address: request.address)
        return Decision(
            events: [DomainEvent(request.gate, .commandRejected(body))],
            verdict: .rejected(id: request.commandID, reason: reason))
    }

    /// Why a readable request is refused, or `nil`. First the doubts about the message itself, then the gate's.
    ///
    /// `stop` is refused only where the message itself is no good, or where it could start a movement. It is never counted,
    /// and no mode, hour or other command keeps it back.
    private func refusal(
        of request: CommandRequest, _ action: GateAction, at now: Timestamp, settings: GarageSettings
    ) -> CommandRejected.Reason? {
        if request.isRetained { return .retained }
        if !request.isPermitted { return .notAllowed }
        // A second stop does no harm, and an id of the sender's own is honoured once anyway.
        if request.isRedelivered, request.text.id == nil, action != .stop { return .redelivered }
        if request.expiresAt(settings: settings) <= now { return .expired }
        guard let status = gates[request.gate], status.reporter != nil || status.state != nil else {
            return .unknownGate
        }
        if action == .stop { return hindranceToStop(request.gate, status, at: now, settings: settings) }
        if rates.isExceeded(request, at: now, settings: settings) { return .rateLimited }
        if let reason = hindrance(to: action, gate: request.gate, at: now, settings: settings) { return reason }
        if isBusy(status, settings[request.gate]) { return .busy }
        if action == .close, !needsNoOrder(action, gate: request.gate, settings: settings) {
            return ClosePlan(request, settings: self.settings(of: request.gate, settings)).refusal(of: status)
        }
        return nil
    }

    /// What is against a stop; `nil` if nothing is. A gate with one button could be started by it.
    private func hindranceToStop(
        _ gate: Subject, _ status: GateStatus, at now: Timestamp, settings: GarageSettings
    ) -> CommandRejected.Reason? {
        guard settings[gate].opener == .toggle else { return nil }
        if status.state == nil { return .unknownState }
        return isStale(gate, status, settings[gate], at: now) ? .staleState : nil
    }

    /// What is against moving a gate now, whoever asks; `nil` if nothing is.
    func hindrance(
        to action: GateAction, gate: Subject, at now: Timestamp, settings: GarageSettings
    ) -> CommandRejected.Reason? {
        let status = gates[gate] ?? GateStatus()
        let own = settings[gate]
        switch status.mode {
        case .locked: return .locked
        case .maintenance: return .maintenance
        case .normal: break
        }
        if action == .close, status.obstructed { return .obstructed }
        if isOffline(gate, status) { return .offline }
        if isInBlackout(status, own, at: now) { return .reconnecting }
        if action == .close || own.opener == .toggle {
            guard let state = status.state else { return .unknownState }
            if isStale(gate, status, own, at: now) { return .staleState }
            let isSure = state == action.start || state == action.movement || action.isReached(in: state)
            if own.opener == .toggle, !isSure { return .ambiguous }
        }
        if let hours = own.hours, !hours.contains(settings.minuteOfDay(now)) { return .outsideHours }
        return nil
    }

    /// Whether the gate has done what is asked, so that nothing is to be sent.
    private func needsNoOrder(_ action: GateAction, gate: Subject, settings: GarageSettings) -> Bool {
        guard let status = gates[gate], let state = status.state, action.isReached(in: state) else { return false }
        guard action == .stop else { return status.command == nil }
        // One button would start the gate. What was sent before may still start it, so then it is pressed.
        let mayStart = status.command.map { $0.dispatchedAt != nil && !$0.hasRested } ?? false
        return settings[gate].opener == .toggle && !mayStart && status.superseded?.hasRested != false
    }

    /// Whether a command that was accepted can still be sent now.
    public func mayActuate(commandID: String, at now: Timestamp, settings: GarageSettings) -> Bool {
        guard let gate = commandsUnderWay[commandID], let status = gates[gate], let command = status.command,
            command.id == commandID, command.dispatchedAt == nil, !command.joins, now < command.expiresAt
        else { return false }
        if command.action == .stop {
            return hindranceToStop(gate, status, at: now, settings: settings) == nil
                && !needsNoOrderAnyMore(status, settings[gate])
        }
        // What began to move meanwhile would be stopped by a pulse.
        if settings[gate].opener == .toggle, status.state != command.action.start { return false }
        return hindrance(to: command.action, gate: gate, at: now, settings: settings) == nil
    }

    /// Whether a stop has become needless on its way to a gate with one button.
    func needsNoOrderAnyMore(_ status: GateStatus, _ settings: GateSettings) -> Bool {
        settings.opener == .toggle && status.state?.isMoving != true && status.superseded?.hasRested != false
    }

    /// Whether the gate's device is known to be away. A gate whose device is not known is not.
    private func isOffline(_ gate: Subject, _ status: GateStatus) -> Bool {
        // Behind a bridge, the gate's own device can be away while the bridge is there.
        if let device = devicesOfGates[gate], devices[device]?.online == false { return true }
        guard let clientID = status.reporter, let bound = devicesOfClients[clientID] else { return false }
        return !bound.contains { devices[$0]?.online == true }
    }

    /// When the gate's device came online; `nil` if it is not, or is not known.
    private func onlineSince(_ status: GateStatus) -> Timestamp? {
        guard let clientID = status.reporter, let bound = devicesOfClients[clientID] else { return nil }
        return bound.compactMap { devices[$0] }.filter { $0.online == true }.map(\.since).max()
    }

    private func isInBlackout(_ status: GateStatus, _ settings: GateSettings, at now: Timestamp) -> Bool {
        guard settings.blackoutSeconds > 0, let since = onlineSince(status) else { return false }
        return now.milliseconds(since: since) < Int64(settings.blackoutSeconds) * 1000
    }

    /// Whether the gate's state could have changed without our knowing.
    private func isStale(_ gate: Subject, _ status: GateStatus, _ settings: GateSettings, at now: Timestamp) -> Bool {
        guard let heard = heard[gate] else { return true }
        if let since = onlineSince(status), heard < since { return true }
        guard let limit = settings.staleSeconds else { return false }
        return now.milliseconds(since: heard) >= Int64(limit) * 1000
    }
}

/// How a request to close goes, by what the sender says and what the gate's settings allow.
private struct ClosePlan {
    let isUnattended: Bool
    let warningMilliseconds: Int64
    private let settings: GateSettings

    init(_ request: CommandRequest, settings: GateSettings) {
        self.settings = settings
        isUnattended = request.text.action == .close && !request.text.isAttended
        warningMilliseconds = isUnattended && settings.unattendedClose == .warn ? settings.warningMilliseconds : 0
    }

    func refusal(of status: GateStatus) -> CommandRejected.Reason? {
        // What closes already is not closed by us.
        guard isUnattended, status.state != .closing || status.command != nil else { return nil }
        if settings.unattendedClose == .off || settings.isOnePiece { return .unattended }
        return status.isUnattendedCloseSuspended ? .suspended : nil
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
