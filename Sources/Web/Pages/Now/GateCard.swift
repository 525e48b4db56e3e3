import GarageDomain
import Ingest
import Views

/// A gate now: its door, its state and what can be asked of it.
struct GateCard {
    let gate: GateRow
    /// How long its last movements took, in milliseconds.
    var travel: Int64 = GateDoor.usualTravel
    /// What is against moving it now, for the reader; `nil` if the service does not know the gate.
    var hindrances: [GateAction: CommandRejected.Reason]?

    var door: GateDoor { door(at: nil) }

    func door(at now: Timestamp?) -> GateDoor {
        GateDoor(
            state: gate.state, since: gate.since, now: now ?? gate.since ?? Timestamp(microseconds: 0), travel: travel)
    }

    /// What is worth asking of a gate in its state. A stop is never kept from anyone: the gate may be moving although its
    /// device says otherwise.
    private static func sensibleActions(_ gate: GateRow) -> Set<GateAction> {
        switch gate.state {
        case .open, .opening: [.close, .stop]
        case .closed, .closing: [.open, .stop]
        case .stopped, nil: [.open, .close, .stop]
        }
    }

    /// What the views alone know against moving a gate.
    private static func visibleHindrances(_ gate: GateRow) -> [GateAction: CommandRejected.Reason] {
        if gate.deviceOnline == false { return [.open: .offline, .close: .offline] }
        if isUnderWay(gate.lastCommand) { return [.open: .busy, .close: .busy] }
        if gate.obstructed { return [.close: .obstructed] }
        return gate.state == nil ? [.close: .unknownState] : [:]
    }

    /// What the service would not refuse now. It decides itself; this only spares people a useless click.
    ///
    /// - Parameter hindrances: what the service says is against it; `nil` if it does not know the gate.
    static func allowedActions(
        _ gate: GateRow, hindrances: [GateAction: CommandRejected.Reason]?
    ) -> Set<GateAction> {
        sensibleActions(gate).subtracting((hindrances ?? visibleHindrances(gate)).keys)
    }

    private var allowedActions: Set<GateAction> { GateCard.allowedActions(gate, hindrances: hindrances) }

    /// Why actions can't be asked for that people could want in the gate's state, each reason once.
    private func refusals(in words: Wording) -> [String] {
        let reasons = hindrances ?? GateCard.visibleHindrances(gate)
        let wanted = GateAction.allCases.filter(GateCard.sensibleActions(gate).contains)
        var lines: [String] = []
        for reason in CommandRejected.Reason.allCases {
            let actions = wanted.filter { reasons[$0] == reason }.map { words.text("action_" + $0.rawValue) }
            guard !actions.isEmpty else { continue }
            lines.append(
                words.text(
                    "actions_not_now",
                    ["actions": actions.joined(separator: ", "), "reason": words.text("rejected_" + reason.rawValue)]))
        }
        return lines
    }

    /// The action that people most likely want, shown as the main button.
    private var mainAction: GateAction? {
        let wanted: GateAction =
            switch gate.state {
            case .open: .close
            case .closed, .stopped, nil: .open
            case .opening, .closing: .stop
            }
        return allowedActions.contains(wanted) ? wanted : nil
    }

    private static func isUnderWay(_ command: CommandRow?) -> Bool {
        command.map { [.requested, .warned, .dispatched].contains($0.status) } ?? false
    }

    func values(in text: PageText) -> [String: Any] {
        let words = text.words
        let state = words.text("gate_" + (gate.state?.rawValue ?? "unknown"))
        let title = text.title(gate.subject)
        let allowed = allowedActions
        let refusals = refusals(in: words)
        var values: [String: Any] = [
            "t": words.texts,
            "id": gate.subject.id,
            "title": title,
            "path": text.path(gate.subject),
            "commandPath": "/gates/\(gate.subject.id)/commands",
            "eventsPath": "/events?kind=gate&subject=\(gate.subject.id)",
            "door": door(at: text.now).svg(id: gate.subject.id, label: "\(title): \(state)"),
            "state": state,
            "stateClass": gate.state?.rawValue ?? "unknown",
            "stateIcon": text.icon("gate-" + (gate.state?.rawValue ?? "unknown")),
            "refusals": refusals.map { ["text": $0] },
            "isRefused": !refusals.isEmpty,
            "refusedIcon": text.icon("denied"),
            "isObstructed": gate.obstructed,
            "isOffline": gate.deviceOnline == false,
            "warningIcon": text.icon("obstructed"),
            "offlineIcon": text.icon("offline"),
            "device": (gate.device ?? "").cut(to: 64),
            "buttons": GateAction.allCases.map { action -> [String: Any] in
                [
                    "action": action.rawValue, "label": words.text("action_" + action.rawValue),
                    "icon": text.icon("do-" + action.rawValue), "allowed": allowed.contains(action),
                    "description": words.text("button_\(action.rawValue)", ["gate": title]),
                    "isMain": action == mainAction,
                ]
            },
        ]
        if let since = gate.since { values["since"] = text.since(since) }
        if let movement = gate.lastMovement {
            let author =
                movement.commanded
                ? text.author(movement.actor.cut(to: 40), channel: movement.channel)
                : words.text("movement_uncommanded", ["device": movement.actor.cut(to: 40)])
            values["movement"] = words.markup(
                "last_movement",
                ["author": Markup(author)])
            values["movementPath"] = "/events/\(movement.position)"
        }
        if let command = gate.lastCommand { values["command"] = commandLine(command, in: text) }
        return values
    }

    /// A command that is under way or went wrong; one that went well shows in the state itself.
    private func commandLine(_ command: CommandRow, in text: PageText) -> [String: Any] {
        let wentWrong = command.status == .rejected || command.status == .failed
        let isRecent = text.now.milliseconds(since: command.updated) < 600_000
        guard GateCard.isUnderWay(command) || wentWrong && isRecent else { return [:] }
        return ["isShown": true].merging(CommandView.values(command, in: text)) { value, _ in value }
    }

    /// The median time of a gate's last movements in its present direction; only asked for while it moves.
    static func travel(of gate: GateRow, from reads: any PageReads) async throws -> Int64 {
        guard let state = gate.state, state.isMoving else { return GateDoor.usualTravel }
        let type: EventType = state == .opening ? .gateOpened : .gateClosed
        let filter = EventFilter(
            types: [type.rawValue], kind: .gate, garage: gate.subject.garage, subject: gate.subject.id)
        let page = try await reads.events(filter, PageRequest(order: .descending, limit: 5))
        let times = page.rows.compactMap { row -> Int64? in
            guard case .gateMoved(let moved) = row.body, moved.from == state else { return nil }
            return moved.tookMilliseconds
        }
        return times.isEmpty ? GateDoor.usualTravel : times.sorted()[times.count / 2]
    }
}
