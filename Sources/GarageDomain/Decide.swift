extension GarageState {
    /// What follows from an input. Pure and deterministic: the same state, input and time give the same decision.
    public func decide(_ input: Input, at now: Timestamp, settings: GarageSettings) -> Decision {
        var decision = consequences(of: input, at: now, settings: settings)
        // What is known is still told by the old clock, so that nothing can be said yet of how long it has lasted.
        if case .clockChanged = input { return decision }
        decision.events += alerts(following: decision, of: input, at: now, settings: settings)
        return decision
    }

    private func consequences(of input: Input, at now: Timestamp, settings: GarageSettings) -> Decision {
        switch input {
        case .observed(let observation, let reporter):
            return decide(observation, by: reporter, at: now, settings: settings)
        case .clientConnected(let clientID): return Decision(events: connected(clientID))
        case .clientDisconnected(let clientID, let reason):
            return Decision(events: disconnected(clientID, reason: reason))
        case .commandReceived(let request): return decide(request, at: now, settings: settings)
        case .actuated(let commandID, let receivers):
            return Decision(events: actuated(commandID, receivers: receivers, at: now, settings: settings))
        case .warned(let commandID, let receivers):
            return Decision(events: warned(commandID, receivers: receivers, at: now, settings: settings))
        case .modeSet(let gate, let mode, let reason):
            guard let status = gates[gate], status.mode != mode else { return Decision() }
            return Decision(events: [DomainEvent(gate, .gateModeChanged(GateModeChanged(mode: mode, reason: reason)))])
        case .unattendedCloseSet(let gate, let mode):
            guard gates[gate] != nil, self.settings(of: gate, settings).unattendedClose != mode else {
                return Decision()
            }
            let changed = UnattendedCloseChanged(mode: mode)
            return Decision(events: [DomainEvent(gate, .unattendedCloseChanged(changed))])
        case .unattendedCloseResumed(let gate):
            guard gates[gate]?.isUnattendedCloseSuspended == true else { return Decision() }
            return Decision(events: [DomainEvent(gate, .unattendedCloseResumed)])
        case .acknowledged(let subject, let position, let condition):
            return Decision(events: acknowledged(position, condition: condition, of: subject))
        case .tick:
            var decision = overdue(at: now, settings: settings)
            decision.events += silences(at: now, settings: settings)
            for request in dueClosings(at: now, settings: settings) {
                let further = decide(request, at: now, settings: settings)
                decision.events += further.events
                decision.directives += further.directives
            }
            return decision
        case .clockChanged(let garage, let milliseconds):
            let subject = Subject(garage: garage, kind: .garage, name: garage)
            return Decision(events: [DomainEvent(subject, .clockChanged(ClockChanged(milliseconds: milliseconds)))])
        case .restarted: return Decision(events: interrupted())
        }
    }

    private func decide(
        _ observation: Observation, by reporter: Reporter, at now: Timestamp, settings: GarageSettings
    ) -> Decision {
        var decision = Decision()
        if case .deviceStatus(let device, let online) = observation {
            decision.device = device
            decision.events = withLostCommands(reportedStatus(of: device, online: online, by: reporter))
            return decision
        }
        decision.device = device(of: reporter, in: observation.subject.garage)
        if let device = decision.device, !reporter.isLastWill {
            decision.events = presence(of: device, clientID: reporter.clientID)
        }
        switch observation {
        case .gateState(let gate, let state): decision.events += reported(state, of: gate, at: now)
        case .obstruction(let gate, let obstructed):
            decision.events += reported(obstructed: obstructed, of: gate)
        case .spot(let spot, let occupied):
            if let event = reported(occupied: occupied, of: spot, at: now) { decision.events.append(event) }
        case .reading(let sensor, let quantity, let value):
            decision.events += measured(value, quantity, by: sensor, at: now, settings: settings)
        case .fault(let sensor, let fault):
            decision.events += failed(fault, of: sensor)
        case .deviceStatus: break
        }
        return decision
    }

    private func reported(occupied: Bool, of spot: Subject, at now: Timestamp) -> DomainEvent? {
        let before = spots[spot]
        guard before?.occupied != occupied else { return nil }
        let took = before.map { now.milliseconds(since: $0.since) }
        return DomainEvent(spot, .spotChanged(SpotChanged(occupied: occupied, tookMilliseconds: took)))
    }
}
