import EventLog
import GarageDomain
import GarageEvents
import Views

/// A long day in a garage: events of every type in an order that a seed decides.
struct Story {
    private var random: SplitMix64
    private var events: [NewEvent] = []
    private var time = GarageLog.start
    private let garage: GarageLog

    private init(seed: UInt64, _ garage: GarageLog) {
        random = SplitMix64(state: seed)
        self.garage = garage
    }

    static func events(_ count: Int, seed: UInt64, for garage: GarageLog) -> [NewEvent] {
        var story = Story(seed: seed, garage)
        while story.events.count < count { story.step() }
        return story.events
    }

    private mutating func pick<Value>(_ values: [Value]) -> Value { values[Int(random.next() % UInt64(values.count))] }

    private mutating func add(_ stream: String, _ body: EventBody, device: String? = nil, actor: String = "garage") {
        // Mostly forward, at times a little back, as clocks are set.
        time += Int64(random.next() % 20_000_000) - (random.next() % 50 == 0 ? 90_000_000 : 0)
        guard let subject = Subject(stream: stream) else { return }
        let metadata =
            device.map { EventMetadata(actor: $0, channel: "device", clientID: "client-\($0)") }
            ?? EventMetadata(actor: actor, channel: "http", correlation: garage.newID(), causation: garage.newID())
        events.append(
            EventCoding.encode(DomainEvent(subject, body), id: garage.newID(), time: time, metadata: metadata)
        )
    }

    private mutating func step() {
        let home = pick(["home", "home", "beach"])
        let device = pick(["esp1", "esp2", "pi"])
        switch random.next() % 16 {
        case 0...6:
            let quantity = pick(Quantity.allCases)
            let value = Double(random.next() % 400) / 10
            add("sensor/\(home).\(pick(["dht1", "dht2"]))", reading(quantity, value), device: device)
        case 7:
            let fault = SensorFault(
                quantity: pick([.temperature, .humidity, nil]), kind: pick([.null, .notANumber]), raw: "nan")
            add("sensor/\(home).\(pick(["dht1", "dht2"]))", .faultDetected(fault), device: device)
        case 8, 9:
            let occupied = random.next() % 2 == 0
            add(
                "spot/\(home).\(pick(["A1", "A2", "A3"]))", .spotChanged(SpotChanged(occupied: occupied)),
                device: device)
        case 10, 11: addMovement(home, device)
        case 12: addDevice(home, device)
        case 13: add("gate/\(home).front", pick([.gateObstructed, .gateObstructionCleared]), device: device)
        case 14:
            add(
                "gate/\(home).front", .noteAdded(Note(text: "Olá \"\(random.next() % 10)\"")),
                actor: pick(["ana", "João"]))
        default:
            switch random.next() % 3 {
            case 0: addAlert(home)
            default: addUnknown(home)
            }
        }
    }

    private mutating func addMovement(_ home: String, _ device: String) {
        let gate = "gate/\(home).\(pick(["front", "back"]))"
        let id = "c\(random.next() % 1_000_000)"
        let action = pick(GateAction.allCases)
        if random.next() % 4 == 0 {
            add(gate, .commandRejected(CommandRejected(commandID: id, action: action, reason: .busy)), actor: "ana")
            return
        }
        let expiry = Timestamp(microseconds: time + 10_000_000)
        add(gate, .commandRequested(CommandRequested(commandID: id, action: action, expiresAt: expiry)), actor: "ana")
        add(gate, .commandDispatched(CommandDispatched(commandID: id, action: action, receivers: 1)))
        add(gate, moved(.closed, .opening, command: id), device: device)
        if random.next() % 3 == 0 {
            add(gate, .commandFailed(CommandFailed(commandID: id, action: action, reason: .timedOut)))
        } else {
            add(gate, moved(.opening, pick(GateState.allCases), command: id), device: device)
            let done = CommandCompleted(commandID: id, action: action, state: .open, tookMilliseconds: 1200)
            add(gate, .commandCompleted(done))
        }
    }

    private mutating func addDevice(_ home: String, _ device: String) {
        let stream = "device/\(home).\(device)"
        switch random.next() % 3 {
        case 0: add(stream, .deviceSeen(DeviceSeen(clientID: "client-\(device)")))
        case 1: add(stream, .deviceConnected(DeviceConnected(clientID: "client-\(device)")))
        default: add(stream, .deviceDisconnected(DeviceDisconnected(clientID: nil, reason: .will)))
        }
    }

    private mutating func addAlert(_ home: String) {
        let alert = Alert(condition: pick(["open-too-long", "silent"]), text: "Look at it")
        let stream = pick(["gate/\(home).front", "sensor/\(home).dht1"])
        switch random.next() % 3 {
        case 0: add(stream, .alertCleared(alert))
        case 1: add(stream, .alertRaised(alert))
        default:
            add(stream, .alertRaised(alert))
            let position = Int64(random.next() % 1500)
            add(stream, .eventAcknowledged(Acknowledgement(position: position)), actor: "ana")
        }
    }

    private mutating func addUnknown(_ home: String) {
        time += 1_000_000
        events.append(
            NewEvent(
                id: garage.newID(), stream: pick(["gate/\(home).front", "weather"]), chain: .journal,
                type: "gate.painted", schema: 3, time: time, metadata: EventMetadata(actor: "João", channel: "http"),
                data: Array(#"{"colour":"VERDE","depth":2}"#.utf8)
            )
        )
    }
}

/// A small generator whose numbers depend on its seed alone (Steele, Lea and Flood 2014).
struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}

/// The answers to one query of every kind.
struct AllAnswers: Equatable {
    var events: [EventPage] = []
    var single: [EventRow?] = []
    var gates: [GateRow] = []
    var commands: [[CommandRow]] = []
    var spots: [SpotRow] = []
    var sensors: [SensorRow] = []
    var devices: [DeviceRow] = []
    var readings: [ReadingsAnswer] = []
    var extremes: [[ReadingPoint]] = []
    var garages: [Name] = []
    var timelines: [GateTimeline] = []
    var usages: [[GateUsage]] = []
    var stays: [StayPage] = []
    var parking: [ParkingSummary] = []
    var patterns: [OccupancyPattern] = []
    var alerts: [AlertRow] = []
    var summaries: [[ReadingSummary]] = []
    var related: [[EventRow]] = []

    init(_ views: Views) async throws {
        for filter in Story.filters {
            for order in PageRequest.Order.allCases {
                events.append(try await views.events(filter, PageRequest(order: order, limit: 50)))
            }
        }
        for position in [1, 2, 100, views.position()] { single.append(try await views.event(at: Int64(position))) }
        gates = try await views.gates()
        for gate in gates { commands.append(try await views.commands(of: gate.subject, limit: 100)) }
        try await askHistory(views)
        spots = try await views.spots()
        sensors = try await views.sensors()
        devices = try await views.devices()
        garages = try await views.garages()
        for bucket in Bucket.allCases {
            for order in PageRequest.Order.allCases {
                readings.append(try await views.readings(ReadingsQuery(bucket: bucket, order: order, limit: 500)))
            }
        }
        for sensor in sensors {
            for quantity in Quantity.allCases {
                let found = try await views.extremes(
                    of: sensor.subject, quantity: quantity, from: Timestamp(microseconds: 0),
                    to: Timestamp(microseconds: .max)
                )
                extremes.append(found.map { [$0.minimum, $0.maximum] } ?? [])
            }
        }
    }
}

extension AllAnswers {
    private mutating func askHistory(_ views: Views) async throws {
        let (from, to) = (GarageLog.at(700), GarageLog.at(20_000))
        let hours = (0...6).map { GarageLog.at(Double($0) * 3600) }
        for gate in gates {
            timelines.append(try await views.timeline(of: gate.subject, from: from, to: to, limit: 40))
            usages.append(try await views.usage(of: gate.subject, boundaries: hours, now: to))
        }
        stays = [
            try await views.stays(limit: 30),
            try await views.stays(garage: Name(nearest: "beach"), before: 800, limit: 30),
        ]
        for spot in try await views.spots().map(\.subject) {
            stays.append(try await views.stays(spot: spot, limit: 1000))
            parking.append(try await views.parkingSummary(spot: spot, from: from, to: to, now: to))
        }
        parking.append(try await views.parkingSummary(from: from, to: to, now: to))
        patterns = [try await views.occupancyPattern(from: from, to: to, now: to) { _ in -10_800 }]
        alerts = try await views.alerts()
        for sensor in try await views.sensors() {
            for quantity in Quantity.allCases {
                summaries.append(
                    try await views.summaries(of: sensor.subject, quantity: quantity, boundaries: hours))
            }
        }
        for position in [1, 50, 500] { related.append(try await views.related(to: Int64(position))) }
    }
}

extension Story {
    /// Filters of every kind, alone and together.
    static var filters: [EventFilter] {
        let home = Name(nearest: "home")
        return [
            EventFilter(),
            EventFilter(types: ["gate.opened"]),
            EventFilter(types: ["gate.*"]),
            EventFilter(types: ["spot.occupied", "sensor.fault-detected", "gate.painted"]),
            EventFilter(types: ["no.such"]),
            EventFilter(excludedTypes: ["sensor.*"]),
            EventFilter(types: ["gate.*"], excludedTypes: ["gate.command-requested", "gate.painted"]),
            EventFilter(kind: .spot),
            EventFilter(kind: .device, garage: home),
            EventFilter(garage: Name(nearest: "beach")),
            EventFilter(garage: Name(nearest: "nowhere")),
            EventFilter(subject: "front"),
            EventFilter(subject: "home.front"),
            EventFilter(subject: "gate/beach.front"),
            EventFilter(subject: "weather"),
            EventFilter(device: "esp1"),
            EventFilter(actor: "João"),
            EventFilter(actor: "esp2"),
            EventFilter(device: "pi", actor: "esp2"),
            EventFilter(text: "OLÁ \"3\""),
            EventFilter(text: "joão"),
            EventFilter(text: "verde"),
            EventFilter(text: "colour"),
            EventFilter(text: "home.a1"),
            EventFilter(text: "timed-out"),
            EventFilter(text: "lá"),
            EventFilter(text: "a"),
            EventFilter(text: "ver\0de"),
            EventFilter(text: "look at \u{E000}"),
            EventFilter(types: ["alert.*"], text: "look"),
            EventFilter(types: ["gate.*", "note.*"], text: "olá \"3\""),
            EventFilter(types: ["spot.*", "alert.raised"], text: "look at"),
            EventFilter(kind: .gate, text: "timed-out"),
            EventFilter(types: ["gate.command-*"], text: "open", from: GarageLog.at(300), to: GarageLog.at(900)),
            EventFilter(excludedTypes: ["note.added"], text: "olá \"3\"", from: GarageLog.at(500)),
            EventFilter(from: GarageLog.at(500), to: GarageLog.at(1500)),
            EventFilter(from: GarageLog.at(3000)),
            EventFilter(to: GarageLog.at(700)),
            EventFilter(from: GarageLog.at(900), to: GarageLog.at(900)),
            EventFilter(hidesReadings: true),
            EventFilter(types: ["sensor.*"], hidesReadings: true),
            EventFilter(
                types: ["sensor.*", "gate.*"], excludedTypes: ["sensor.fault-detected"], garage: home, device: "esp2",
                from: GarageLog.at(100), to: GarageLog.at(4000)
            ),
            EventFilter(types: ["gate.*"], kind: .gate, subject: "front", text: "ana", hidesReadings: true),
        ]
    }
}
