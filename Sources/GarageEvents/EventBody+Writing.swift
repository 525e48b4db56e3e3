import GarageDomain

extension EventBody {
    /// The data of the event: a JSON object with sorted keys.
    var data: [UInt8] {
        var json = JSONObjectWriter()
        switch self {
        case .gateMoved(let moved):
            json.member("command_id", moved.commandID)
            json.member("from", moved.from?.rawValue)
            json.member("to", moved.to.rawValue)
            json.member("took_ms", moved.tookMilliseconds)
        case .gateObstructed, .gateObstructionCleared, .unattendedCloseSuspended, .unattendedCloseResumed: break
        case .commandRequested(let requested):
            json.member("action", requested.action.rawValue)
            json.member("address", requested.address)
            json.member("command_id", requested.commandID)
            json.member("expires_at", requested.expiresAt.microseconds)
            if requested.joins { json.member("joins", true) }
            json.member("reason", requested.reason)
            if requested.isUnattended { json.member("unattended", true) }
        case .commandRejected(let rejected):
            json.member("action", rejected.action?.rawValue)
            json.member("address", rejected.address)
            json.member("command_id", rejected.commandID)
            json.member("reason", rejected.reason.rawValue)
        case .commandWarned(let warned):
            json.member("action", warned.action.rawValue)
            json.member("command_id", warned.commandID)
            json.member("until", warned.until.microseconds)
        case .commandDispatched(let dispatched):
            json.member("action", dispatched.action.rawValue)
            json.member("command_id", dispatched.commandID)
            json.member("receivers", Int64(dispatched.receivers))
        case .commandCompleted(let completed):
            json.member("action", completed.action.rawValue)
            json.member("command_id", completed.commandID)
            json.member("state", completed.state.rawValue)
            json.member("took_ms", completed.tookMilliseconds)
        case .commandFailed(let failed):
            json.member("action", failed.action.rawValue)
            json.member("command_id", failed.commandID)
            json.member("reason", failed.reason.rawValue)
        case .unattendedCloseChanged(let changed): json.member("mode", changed.mode.rawValue)
        case .gateModeChanged(let changed):
            json.member("mode", changed.mode.rawValue)
            json.member("reason", changed.reason)
        case .spotChanged(let changed):
            json.member("occupied", changed.occupied)
            json.member("took_ms", changed.tookMilliseconds)
        case .readingRecorded(let reading):
            json.member("quantity", reading.quantity.rawValue)
            json.member("value", reading.value)
        case .faultDetected(let fault):
            json.member("kind", fault.kind.rawValue)
            json.member("quantity", fault.quantity?.rawValue)
            json.member("raw", fault.raw)
        case .faultCleared(let cleared):
            json.member("kind", cleared.kind.rawValue)
            json.member("quantity", cleared.quantity?.rawValue)
        case .deviceSeen(let seen): json.member("client_id", seen.clientID)
        case .deviceConnected(let connected): json.member("client_id", connected.clientID)
        case .deviceDisconnected(let disconnected):
            json.member("client_id", disconnected.clientID)
            json.member("reason", disconnected.reason.rawValue)
        case .alertRaised(let alert), .alertCleared(let alert):
            json.member("condition", alert.condition)
            json.member("text", alert.text)
        case .accessDenied(let denied):
            json.member("address", denied.address)
            json.member("attempt", denied.attempt)
        case .accessChanged(let changed):
            json.member("change", changed.change)
            json.member("user", changed.user)
        case .dataErased(let erased): json.member("events", erased.events)
        case .noteAdded(let note): json.member("text", note.text)
        case .eventAcknowledged(let acknowledgement):
            json.member("condition", acknowledgement.condition)
            json.member("position", acknowledgement.position)
        case .mappingAdded(let rule): json.members(of: rule)
        case .mappingRemoved(let removed): json.member("id", removed.id)
        case .bridgeConnected(let connected):
            json.member("address", connected.address)
            json.member("bridge", connected.bridge)
        case .bridgeDisconnected(let disconnected):
            json.member("bridge", disconnected.bridge)
            json.member("reason", disconnected.reason)
        case .clockChanged(let changed): json.member("milliseconds", changed.milliseconds)
        }
        return json.finished()
    }
}
