import GarageDomain

/// What devices publish, and how they misbehave.
extension GarageModel {
    /// Spots and gates say their state again every few minutes, in real milliseconds.
    private static let repetition: ClosedRange<Int64> = 150_000...210_000

    mutating func scheduleReports() {
        for device in roster.devices.indices.prefix(roster.firstSensor) {
            schedule(.deviceRepeats(device), after: reporting.integer(in: 60_000...GarageModel.repetition.upperBound))
        }
        for sensor in 0..<settings.sensors {
            if settings.rate != nil {
                scheduleLoad(sensor)
            } else {
                // A small fleet fills the dashboard at once; a large one must not send all at the same moment.
                let latest = settings.sensors <= 60 ? min(2500, settings.reportInterval) : settings.reportInterval
                schedule(.sensorReports(sensor), after: reporting.integer(in: 50...latest))
            }
        }
    }

    mutating func scheduleTrouble() {
        if settings.misbehaviour.contains(.dropConnections), !devices.isEmpty { scheduleDrop() }
        if settings.misbehaviour.contains(.floodUnmapped), !devices.isEmpty { schedule(.unmappedFloods, after: 1000) }
    }

    // MARK: Gates and spots

    mutating func reportGate(_ gate: Int, _ report: SimulatedGate.Report) {
        switch report {
        case .state(let state):
            corruptNow(["ajar", "OPEN?", "", "7", "{\"state\":"], device: gate, topic: roster.gateStateTopics[gate])
            publish(device: gate, roster.gateStateTopics[gate], state.rawValue)
        case .obstructed(let isObstructed):
            publish(device: gate, roster.gateObstructionTopics[gate], isObstructed ? "obstructed" : "clear")
        }
    }

    mutating func reportSpot(_ spot: Int) {
        let device = roster.firstRow + spot / Roster.spotsPerRow
        corruptNow(["maybe", "2", "", "null", "[]"], device: device, topic: roster.spotTopics[spot])
        publish(device: device, roster.spotTopics[spot], spotWord(spot))
    }

    mutating func deviceRepeats(_ device: Int) {
        for message in presentStates(ofDevice: device) { emit(.publish(message)) }
        schedule(.deviceRepeats(device), after: reporting.integer(in: GarageModel.repetition))
    }

    func presentStates(ofDevice index: Int) -> [DeviceMessage] {
        func message(_ topic: String, _ text: String) -> DeviceMessage {
            DeviceMessage(device: index, topic: topic, payload: Array(text.utf8))
        }
        switch devices[index].part {
        case .gate(let gate):
            return [
                message(roster.gateStateTopics[gate], lanes[gate].gate.state.rawValue),
                message(roster.gateObstructionTopics[gate], lanes[gate].gate.isObstructed ? "obstructed" : "clear"),
            ]
        case .spots(let row): return row.map { message(roster.spotTopics[$0], spotWord($0)) }
        case .sensor: return []
        }
    }

    private func spotWord(_ spot: Int) -> String { spots[spot] == .occupied ? "occupied" : "free" }

    // MARK: Sensors

    mutating func sensorReports(_ sensor: Int) {
        let (tenths, humidity) = climate.reading(sensor: sensor, clock: clock(at: now))
        let temperature = "\(tenths / 10).\(tenths % 10)"
        let device = roster.firstSensor + sensor
        let count = loadMessages.isEmpty ? nil : loadMessages[sensor]
        if sensor % 3 == 1 {
            let text =
                fault(null: "{\"temperature\":null,\"humidity\":null}")
                ?? "{\"temperature\":\(temperature),\"humidity\":\(humidity)}"
            publishReading(device: device, roster.sensorTopics[sensor], text)
        } else {
            // In load mode one message is one reading, so that the rate is exact.
            if count?.isMultiple(of: 2) ?? true {
                publishReading(
                    device: device, roster.sensorTemperatureTopics[sensor], fault(null: "null") ?? temperature)
            }
            if !(count?.isMultiple(of: 2) ?? false) {
                publishReading(
                    device: device, roster.sensorHumidityTopics[sensor], fault(null: "null") ?? "\(humidity)")
            }
        }
        if count != nil {
            loadMessages[sensor] += 1
            scheduleLoad(sensor)
        } else {
            let jitter = max(1, settings.reportInterval / 100)
            schedule(.sensorReports(sensor), after: settings.reportInterval + reporting.integer(in: -jitter...jitter))
        }
    }

    /// Spreads the load evenly: the messages of all sensors together have the same distance from each other.
    private mutating func scheduleLoad(_ sensor: Int) {
        guard let rate = settings.rate else { return }
        let turn = Double(loadMessages[sensor]) * Double(settings.sensors) + Double(sensor)
        let offset = min(turn * 1_000_000 / rate, 4e18)
        queue.insert(
            .sensorReports(sensor), at: Timestamp(microseconds: start.microseconds.addingClamped(Int64(offset))))
    }

    // MARK: Misbehaviour

    /// The share of the way after which something gets in the way of a closing gate, if something does.
    mutating func obstruction() -> Double? {
        guard settings.misbehaviour.contains(.obstructGates), trouble.chance(1.0 / 6) else { return nil }
        return 0.3 + 0.4 * trouble.unit()
    }

    mutating func connectionDrops() {
        emit(.dropConnection(device: anyDevice()))
        scheduleDrop()
    }

    mutating func unmappedFloods() {
        let number = trouble.integer(in: 0...499)
        emit(
            .publish(
                DeviceMessage(
                    device: anyDevice(), topic: "workshop/machine-\(number)/raw",
                    payload: Array("\(trouble.next())".utf8), isAcknowledged: false)))
        schedule(.unmappedFloods, after: trouble.integer(in: 50...350))
    }

    private mutating func scheduleDrop() {
        schedule(.connectionDrops, after: trouble.integer(in: 5000...20_000))
    }

    private mutating func anyDevice() -> Int { Int(trouble.integer(in: 0...Int64(devices.count - 1))) }

    private mutating func fault(null: String) -> String? {
        guard settings.misbehaviour.contains(.sendNaN), trouble.chance(1.0 / 15) else { return nil }
        return trouble.element(of: ["nan", "NaN", null])
    }

    private mutating func publishReading(device: Int, _ topic: String, _ text: String) {
        if settings.misbehaviour.contains(.malformedValues), trouble.chance(1.0 / 15) {
            let wrong = ["", "23,4", "23.4 C", "85.0.0", "999", "-127.00", "{\"temperature\":", "1e400", "\u{0}"]
            let choice = trouble.integer(in: 0...Int64(wrong.count))
            let payload = choice == wrong.count ? [0xFF, 0xFE, 0x00] : Array(wrong[Int(choice)].utf8)
            emit(.publish(DeviceMessage(device: device, topic: topic, payload: payload)))
        } else {
            publish(device: device, topic, text)
        }
    }

    /// Says something wrong before the right state, so that the state is right in the end.
    private mutating func corruptNow(_ wrong: [String], device: Int, topic: String) {
        guard settings.misbehaviour.contains(.malformedValues), trouble.chance(1.0 / 8),
            let text = trouble.element(of: wrong)
        else { return }
        emit(.publish(DeviceMessage(device: device, topic: topic, payload: Array(text.utf8))))
    }

    private mutating func publish(device: Int, _ topic: String, _ text: String) {
        let message = DeviceMessage(device: device, topic: topic, payload: Array(text.utf8))
        emit(.publish(message))
        guard settings.misbehaviour.contains(.repeatMessages), trouble.chance(1.0 / 5) else { return }
        for _ in 0..<trouble.integer(in: 1...2) { emit(.publish(message)) }
    }
}
