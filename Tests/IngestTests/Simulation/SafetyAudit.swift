import GarageDomain

/// Looks on from outside, with what the service was told and what it did, and notes what must never be.
///
/// It knows the rules, but shares no code with what it watches over.
struct SafetyAudit {
    struct Request {
        var action: GateAction
        var expiresAt: Timestamp
        var isUnattended: Bool
        /// Retained, redelivered or without the right: never to be obeyed.
        var isForbidden: Bool
    }

    var problems: [String] = []
    let settings: GateSettings
    private var requests: [String: Request] = [:]
    private var sent: Set<String> = []
    private var warned: [String: Timestamp] = [:]

    // What the service was told last.
    private var state: (value: GateState, time: Timestamp)?
    private var isObstructed = false
    private var onlineSince: Timestamp?
    private var mode = GateMode.normal
    /// Something was sent since the gate was last told to rest.
    private var mayBeMoving = false

    // What stands in the log.
    private var open: Set<String> = []
    private var ended: Set<String> = []
    private var dispatched: Set<String> = []

    init(settings: GateSettings) { self.settings = settings }

    // MARK: - What the service is told

    mutating func told(_ observation: Observation, at now: Timestamp) {
        switch observation {
        case .gateState(_, let value):
            // A repeated report of rest may be older than the pulse; a change to it is not.
            if !value.isMoving, state?.value != value { mayBeMoving = false }
            state = (value, now)
        case .obstruction(_, let obstructed): isObstructed = obstructed
        default: break
        }
        if onlineSince == nil { onlineSince = now }
    }

    mutating func connected(_ isConnected: Bool, at now: Timestamp) {
        onlineSince = isConnected ? onlineSince ?? now : nil
    }

    mutating func set(_ mode: GateMode) { self.mode = mode }

    /// A new run of the service knows only what is on disk, and of the gate's state that it may have changed.
    mutating func restarted(mode: GateMode, isObstructed: Bool) {
        onlineSince = nil
        state = nil
        mayBeMoving = false
        self.mode = mode
        self.isObstructed = isObstructed
    }

    /// The first request with an id counts, once it is on disk; what comes later with the same id is not obeyed at all.
    mutating func asked(_ id: String, _ request: Request) {
        if !open.contains(id), !ended.contains(id) { requests[id] = request }
    }

    // MARK: - What the service does

    mutating func warns(_ id: String, at now: Timestamp) { warned[id] = now }

    mutating func sends(_ id: String, _ action: GateAction, at now: Timestamp) {
        func problem(_ text: String) { problems.append("\(id) \(action): \(text)") }
        guard let request = requests[id], request.action == action else { return problem("nobody asked for it") }
        if !sent.insert(id).inserted { problem("sent twice") }
        if request.isForbidden { problem("sent although it was no good") }
        if now >= request.expiresAt { problem("sent after it had expired") }
        if !open.contains(id) { problem("sent before it was on disk, or after its end") }
        if settings.opener == .toggle { checkButton(action, problem) }
        guard action != .stop else { return }
        mayBeMoving = true
        if mode != .normal { problem("sent while the gate is \(mode)") }
        guard let onlineSince else { return problem("sent to a device that is away") }
        if now.milliseconds(since: onlineSince) < Int64(settings.blackoutSeconds) * 1000 { problem("in the blackout") }
        let isFresh = state.map { $0.time >= onlineSince } ?? false
        if action == .close || settings.opener == .toggle, !isFresh { problem("on a stale state") }
        guard action == .close else { return }
        if isObstructed { problem("something is in the way") }
        guard request.isUnattended else { return }
        switch settings.unattendedClose {
        case .off: problem("nobody there, and not enabled")
        case .deviceWarns: break
        case .warn:
            guard let start = warned[id], now.milliseconds(since: start) >= 5000 else { return problem("no warning") }
        }
    }

    private func checkButton(_ action: GateAction, _ problem: (String) -> Void) {
        let isSure =
            switch action {
            case .open: state?.value == .closed
            case .close: state?.value == .open
            case .stop: state?.value.isMoving == true || mayBeMoving
            }
        if !isSure { problem("a button pressed at \(state.map { "\($0.value)" } ?? "nothing known")") }
    }

    // MARK: - What stands in the log

    mutating func stored(_ event: DomainEvent) {
        func problem(_ text: String) { problems.append("\(event.body): \(text)") }
        switch event.body {
        case .commandRequested(let body):
            if ended.contains(body.commandID) || !open.insert(body.commandID).inserted { problem("asked twice") }
        case .commandRejected(let body):
            if open.contains(body.commandID) || !ended.insert(body.commandID).inserted { problem("answered twice") }
        case .commandDispatched(let body):
            if !open.contains(body.commandID) || !dispatched.insert(body.commandID).inserted {
                problem("not under way")
            }
            if !sent.contains(body.commandID) { problem("was never sent") }
        case .commandCompleted(let body): end(body.commandID, event)
        case .commandFailed(let body): end(body.commandID, event)
        case .gateMoved(let body):
            if let id = body.commandID, !dispatched.contains(id) { problem("by a command that was not sent") }
        default: break
        }
    }

    private mutating func end(_ id: String, _ event: DomainEvent) {
        if open.remove(id) == nil || !ended.insert(id).inserted { problems.append("\(event.body): no such command") }
    }

    /// After all is quiet.
    mutating func finish() { for id in open.sorted() { problems.append("\(id): never ended") } }
}
