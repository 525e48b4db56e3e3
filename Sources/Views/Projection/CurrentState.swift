import EventLog
import GarageDomain

/// Every gate, spot, sensor and device now, as folded from the events in the order of their positions.
///
/// A pure value: the same events give the same state, however they are cut into pages. It remembers which entries the
/// last events changed, so that a page writes each changed row once.
struct CurrentState {
    private(set) var gates: [Subject: Gate] = [:]
    private(set) var spots: [Subject: Spot] = [:]
    private(set) var sensors: [Subject: Sensor] = [:]
    private(set) var devices: [Subject: DeviceRow] = [:]
    /// Only the commands that the events of the current page name.
    private(set) var commands: [CommandKey: CommandRow] = [:]
    private(set) var changes = Changes()
    /// The position of the last event of the page that each device was heard by.
    private var heard: [Subject: Int64] = [:]
    /// What caused the movement of the last event applied, if it was one.
    private(set) var cause: CommandRow?

    /// The keys whose entries differ from what was last written.
    struct Changes {
        var gates: Set<Subject> = []
        var spots: Set<Subject> = []
        var sensors: Set<Subject> = []
        var devices: Set<Subject> = []
        var commands: Set<CommandKey> = []
    }

    struct CommandKey: Hashable {
        var gate: Subject
        var id: String
    }

    /// A gate without what other entries know (its device's connection, its last command's status).
    struct Gate {
        var state: GateState?
        var since: Timestamp?
        var obstructed = false
        var device: String?
        var lastMovement: GateRow.LastMovement?
    }

    struct Spot {
        var occupied: Bool
        var since: Timestamp
        /// When it was first reported.
        var first: Timestamp
        var device: String?
    }

    struct Sensor: Equatable {
        var device: String?
        /// The standing faults by quantity; the key `nil` is a report that could not be read as a whole.
        var faults: [Quantity?: Fault] = [:]

        /// A reading ends the faults that do not last beyond it.
        mutating func follow(_ reading: Reading) {
            for quantity in [reading.quantity, nil] where faults[quantity]?.kind.isLasting == false {
                faults[quantity] = nil
            }
        }
    }

    struct Fault: Equatable {
        var kind: SensorFault.Kind
        var raw: String
        var time: Timestamp
        var position: Int64
    }

    init() {}

    /// State as it was written before.
    init(gates: [Subject: Gate], spots: [Subject: Spot], sensors: [Subject: Sensor], devices: [Subject: DeviceRow]) {
        self.gates = gates
        self.spots = spots
        self.sensors = sensors
        self.devices = devices
    }

    /// Forgets what changed and the commands that were loaded, once the page is written.
    mutating func startPage() {
        changes = Changes()
        commands = [:]
        heard = [:]
    }

    /// Folds one event in. `command` looks up a command that an earlier page has written.
    mutating func apply(
        _ event: RecordedEvent, subject: Subject, body: EventBody?, command: (CommandKey) throws -> CommandRow?
    ) rethrows {
        let time = Timestamp(microseconds: event.time)
        let origin = event.metadata
        let device = origin.channel == "device" ? origin.actor : nil
        if let device = device.flatMap({ Name($0) }) {
            let reporter = Subject(garage: subject.garage, kind: .device, name: device)
            noteReport(of: reporter, at: time, position: event.position)
        }
        switch subject.kind {
        case .gate: try applyToGate(subject, event, body, device: device, command: command)
        case .spot: applyToSpot(subject, body, device: device, time: time)
        case .sensor: applyToSensor(subject, body, device: device, time: time, position: event.position)
        case .device: applyToDevice(subject, body, time: time, position: event.position)
        case .garage:
            if case .clockChanged(let changed) = body { shift(by: changed.milliseconds) }
        }
    }

    /// Moves the times since which things are as they are along with a clock that was set.
    private mutating func shift(by milliseconds: Int64) {
        for (subject, gate) in gates {
            gates[subject]?.since = gate.since?.adding(milliseconds: milliseconds)
            changes.gates.insert(subject)
        }
        for (subject, spot) in spots {
            spots[subject]?.since = spot.since.adding(milliseconds: milliseconds)
            changes.spots.insert(subject)
        }
    }

    // MARK: - Gates and their commands

    private mutating func applyToGate(
        _ subject: Subject, _ event: RecordedEvent, _ body: EventBody?, device: String?,
        command: (CommandKey) throws -> CommandRow?
    ) rethrows {
        let time = Timestamp(microseconds: event.time)
        switch body {
        case .gateMoved(let moved):
            var cause: CommandRow?
            if let id = moved.commandID { cause = try find(CommandKey(gate: subject, id: id), command) }
            let movement = GateRow.LastMovement(
                position: event.position, to: moved.to, time: time, actor: cause?.actor ?? event.metadata.actor,
                channel: cause?.channel ?? event.metadata.channel, commanded: moved.commandID != nil
            )
            change(subject, device: device) { gate in
                gate.state = moved.to
                gate.since = time
                // The first report says how the gate stands, not that it moved.
                if !moved.isFirstReport { gate.lastMovement = movement }
            }
            self.cause = cause
        case .gateObstructed: change(subject, device: device) { $0.obstructed = true }
        case .gateObstructionCleared: change(subject, device: device) { $0.obstructed = false }
        case .commandRequested(let requested):
            let key = CommandKey(gate: subject, id: requested.commandID)
            set(newCommand(key, requested.action, .requested, nil, event), at: key)
        case .commandRejected(let rejected):
            let key = CommandKey(gate: subject, id: rejected.commandID)
            set(newCommand(key, rejected.action, .rejected, rejected.reason.rawValue, event), at: key)
        case .commandWarned(let warned):
            try update(CommandKey(gate: subject, id: warned.commandID), to: .warned, nil, time, command)
        case .commandDispatched(let dispatched):
            try update(CommandKey(gate: subject, id: dispatched.commandID), to: .dispatched, nil, time, command)
        case .commandCompleted(let completed):
            try update(CommandKey(gate: subject, id: completed.commandID), to: .completed, nil, time, command)
        case .commandFailed(let failed):
            let key = CommandKey(gate: subject, id: failed.commandID)
            try update(key, to: .failed, failed.reason.rawValue, time, command)
        default: break
        }
    }

    /// A gate exists from its first report on; a command for a gate that never reported does not make one.
    private mutating func change(_ subject: Subject, device: String?, _ body: (inout Gate) -> Void) {
        var gate = gates[subject] ?? Gate()
        if let device { gate.device = device }
        body(&gate)
        gates[subject] = gate
        changes.gates.insert(subject)
    }

    private func newCommand(
        _ key: CommandKey, _ action: GateAction?, _ status: CommandRow.Status, _ reason: String?, _ event: RecordedEvent
    ) -> CommandRow {
        let time = Timestamp(microseconds: event.time)
        return CommandRow(
            id: key.id, gate: key.gate, action: action, status: status, reason: reason, actor: event.metadata.actor,
            channel: event.metadata.channel, requested: time, updated: time, position: event.position
        )
    }

    private mutating func update(
        _ key: CommandKey, to status: CommandRow.Status, _ reason: String?, _ time: Timestamp,
        _ command: (CommandKey) throws -> CommandRow?
    ) rethrows {
        guard var row = try find(key, command) else { return }
        row.status = status
        row.reason = reason
        row.updated = time
        set(row, at: key)
    }

    private mutating func find(
        _ key: CommandKey, _ command: (CommandKey) throws -> CommandRow?
    ) rethrows -> CommandRow? {
        if let row = commands[key] { return row }
        let row = try command(key)
        commands[key] = row
        return row
    }

    private mutating func set(_ row: CommandRow, at key: CommandKey) {
        commands[key] = row
        changes.commands.insert(key)
    }

    // MARK: - Spots, sensors and devices

    private mutating func applyToSpot(_ subject: Subject, _ body: EventBody?, device: String?, time: Timestamp) {
        guard case .spotChanged(let changed) = body else { return }
        let known = spots[subject]
        spots[subject] = Spot(
            occupied: changed.occupied, since: time, first: known?.first ?? time, device: device ?? known?.device)
        changes.spots.insert(subject)
    }

    /// Folds a reading in; tells whether the sensor's entry changed.
    @discardableResult
    mutating func apply(
        _ reading: Reading, of subject: Subject, device: Subject?, time: Timestamp, position: Int64
    ) -> Bool {
        if let device { noteReport(of: device, at: time, position: position) }
        return change(sensor: subject, device: device?.name.text) { sensor in
            sensor.follow(reading)
        }
    }

    private mutating func applyToSensor(
        _ subject: Subject, _ body: EventBody?, device: String?, time: Timestamp, position: Int64
    ) {
        switch body {
        case .readingRecorded(let reading):
            change(sensor: subject, device: device) { sensor in
                sensor.follow(reading)
            }
        case .faultDetected(let fault):
            change(sensor: subject, device: device) { sensor in
                sensor.faults[fault.quantity] = Fault(kind: fault.kind, raw: fault.raw, time: time, position: position)
            }
        case .faultCleared(let cleared):
            change(sensor: subject, device: device) { sensor in
                if sensor.faults[cleared.quantity]?.kind == cleared.kind { sensor.faults[cleared.quantity] = nil }
            }
        default: return
        }
    }

    /// An entry that stays as it is causes no write.
    @discardableResult
    private mutating func change(sensor subject: Subject, device: String?, _ body: (inout Sensor) -> Void) -> Bool {
        let known = sensors[subject]
        var sensor = known ?? Sensor()
        sensor.device = device ?? sensor.device
        body(&sensor)
        guard sensor != known else { return false }
        sensors[subject] = sensor
        changes.sensors.insert(subject)
        return true
    }

    private mutating func applyToDevice(_ subject: Subject, _ body: EventBody?, time: Timestamp, position: Int64) {
        heard[subject] = position
        switch body {
        case .deviceSeen(let seen): setDevice(subject, online: true, client: seen.clientID, reason: nil, at: time)
        case .deviceConnected(let connected):
            setDevice(subject, online: true, client: connected.clientID, reason: nil, at: time)
        case .deviceDisconnected(let disconnected):
            setDevice(
                subject, online: false, client: disconnected.clientID, reason: disconnected.reason.rawValue, at: time
            )
        default: break
        }
    }

    private mutating func setDevice(
        _ subject: Subject, online: Bool, client: String?, reason: String?, at time: Timestamp
    ) {
        var row =
            devices[subject]
            ?? DeviceRow(subject: subject, clientID: nil, online: online, since: time, reason: nil, lastEvent: time)
        if row.online != online { row.since = time }
        row.online = online
        row.reason = reason
        row.clientID = client ?? row.clientID
        row.lastEvent = time
        devices[subject] = row
        changes.devices.insert(subject)
    }

    /// A device that reports is heard, whether or not the log says that it connected. Reports may be noted late, but not
    /// after a later one of the same page.
    mutating func noteReport(of device: Subject, at time: Timestamp, position: Int64) {
        if let latest = heard[device], latest > position { return }
        heard[device] = position
        guard var row = devices[device] else {
            setDevice(device, online: true, client: nil, reason: nil, at: time)
            return
        }
        row.lastEvent = time
        devices[device] = row
        changes.devices.insert(device)
    }
}
