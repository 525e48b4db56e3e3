extension GarageState {
    /// Why the movements of a gate would be refused now, whoever asks for them; what is not named would be taken up.
    ///
    /// A stop is never named: the gate may be moving although its device says otherwise. Nor is what depends on the
    /// request itself, as the right of its sender or whether a person sees the gate.
    public func hindrances(
        of gate: Subject, at now: Timestamp, settings: GarageSettings
    ) -> [GateAction: CommandRejected.Reason] {
        var hindrances: [GateAction: CommandRejected.Reason] = [:]
        for action in [GateAction.open, .close] {
            hindrances[action] = standingHindrance(to: action, gate: gate, at: now, settings: settings)
        }
        return hindrances
    }

    /// In the order in which a request meets them.
    private func standingHindrance(
        to action: GateAction, gate: Subject, at now: Timestamp, settings: GarageSettings
    ) -> CommandRejected.Reason? {
        guard let status = gates[gate], status.reporter != nil || status.state != nil else { return .unknownGate }
        if rates.isExceeded(for: gate, at: now, settings: settings) { return .rateLimited }
        if let reason = hindrance(to: action, gate: gate, at: now, settings: settings) { return reason }
        return isBusy(status, settings[gate]) ? .busy : nil
    }

    /// Whether a command is under way that a later movement does not replace.
    func isBusy(_ status: GateStatus, _ settings: GateSettings) -> Bool {
        guard let earlier = status.command else { return false }
        return earlier.action != .stop || settings.opener == .toggle
    }
}
