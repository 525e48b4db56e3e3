import EventLog
import GRDB
import GarageDomain

/// Projects gates, spots, sensors and devices as they are and were, with commands, stays and alerts.
struct GarageProjection: Projection {
    private var state: CurrentState
    private let gates = GateHistory()
    private var parking: ParkingHistory
    private let alerts = AlertHistory()
    private let links = Links()
    /// By key: its sensor reports from this device and has no fault, so that a reading changes nothing but when the
    /// device was heard.
    private var isSettled: [Bool] = []
    /// The last reading of each settled key in this page, by key.
    private var heard: [(position: Int64, time: Int64)?] = []
    private var heardKeys: [EventKey] = []

    init(_ database: Database) throws {
        state = try CurrentState(database)
        parking = try ParkingHistory(database)
    }

    mutating func apply(_ events: ArraySlice<ProjectedEvent>, _ database: Database) throws {
        state.startPage()
        for event in events {
            switch event.content {
            case .reading(let reading): apply(reading, event)
            case .other(let other): try apply(other.row, database)
            }
        }
        noteHeard()
        try state.store(database)
    }

    private mutating func apply(_ reading: Reading, _ event: ProjectedEvent) {
        let key = event.key
        while isSettled.count <= key.index {
            isSettled.append(false)
            heard.append(nil)
        }
        if isSettled[key.index] {
            if heard[key.index] == nil { heardKeys.append(key) }
            heard[key.index] = (event.position, event.time)
            return
        }
        guard let sensor = key.subject else { return }
        let hasChanged = state.apply(
            reading, of: sensor, device: key.device, time: Timestamp(microseconds: event.time),
            position: event.position)
        if hasChanged { forgetSettled() }
        isSettled[key.index] = state.sensors[sensor]?.faults.isEmpty ?? false
    }

    private mutating func apply(_ row: EventRow, _ database: Database) throws {
        try links.apply(row.event, database)
        try alerts.apply(row, database)
        guard let subject = row.subject else { return }
        if subject.kind == .sensor { forgetSettled() }
        try state.apply(row.event, subject: subject, body: row.body) { key in
            try CurrentState.storedCommand(key, database)
        }
        switch (row.body, subject.kind) {
        case (.gateMoved(let moved), .gate):
            try gates.apply(moved, of: subject, row, cause: state.cause, database)
        case (.spotChanged(let changed), .spot):
            try parking.apply(changed, of: subject, time: row.event.time, position: row.event.position, database)
        case (.clockChanged(let changed), .garage):
            try gates.shift(by: changed, at: row.event.time, database)
            try parking.shift(by: changed, database)
        default: break
        }
    }

    private mutating func forgetSettled() {
        for index in isSettled.indices { isSettled[index] = false }
    }

    /// Tells the devices when they were last heard, in the order of the log.
    private mutating func noteHeard() {
        let reports = heardKeys.compactMap { key in heard[key.index].map { (key, $0) } }
            .sorted { $0.1.position < $1.1.position }
        for (key, report) in reports {
            heard[key.index] = nil
            guard let device = key.device else { continue }
            state.noteReport(of: device, at: Timestamp(microseconds: report.time), position: report.position)
        }
        heardKeys = []
    }
}
