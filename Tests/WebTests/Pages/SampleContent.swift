import EventLog
import GarageDomain
import Ingest
import Views

@testable import Web

/// A plausible garage for tests and previews.
extension SampleGarage {
    static let home = Name(nearest: "home")

    static func subject(_ kind: Subject.Kind, _ name: String) -> Subject {
        Subject(garage: home, kind: kind, name: Name(nearest: name))
    }

    /// Two gates, twelve spots and three sensors, with a day of events that ends at `now`.
    static func filled(at now: Timestamp) -> SampleGarage {
        let garage = SampleGarage()
        let (front, back) = (subject(.gate, "front"), subject(.gate, "back"))
        func ago(_ minutes: Double) -> Timestamp { now.adding(milliseconds: Int64(-minutes * 60_000)) }
        garage.addReadings(until: now)
        garage.addTraffic(gate: front, at: ago(1500), actor: "ana", channel: "page")
        garage.addTraffic(gate: front, at: ago(560), actor: "bruno", channel: "http")
        garage.addTraffic(gate: back, at: ago(300), actor: "carport-remote", channel: "mqtt")
        garage.append(
            subject(.sensor, "dht2"),
            .faultDetected(SensorFault(quantity: .humidity, kind: .notANumber, raw: "nan")), at: ago(42),
            clientID: "esp-dht2", data: #"{"quantity":"humidity","kind":"not-a-number","raw":"nan"}"#)
        garage.append(
            subject(.device, "cam-back"), .deviceDisconnected(DeviceDisconnected(clientID: "cam-back", reason: .will)),
            at: ago(33), actor: "cam-back", clientID: "cam-back", data: #"{"client_id":"cam-back","reason":"will"}"#)
        garage.addSpots(at: now)
        garage.append(
            front, .commandRequested(CommandRequested(commandID: "c-81", action: .open, expiresAt: now, reason: nil)),
            at: ago(0.15), actor: "ana", channel: "page", data: #"{"command_id":"c-81","action":"open"}"#)
        garage.append(
            front, .commandDispatched(CommandDispatched(commandID: "c-81", action: .open, receivers: 1)), at: ago(0.14),
            actor: "ana", channel: "page", data: #"{"command_id":"c-81","action":"open","receivers":1}"#)
        garage.append(
            front,
            .gateMoved(GateMoved(from: .closed, to: .opening, tookMilliseconds: 33_000_000, commandID: "c-81")),
            at: ago(0.1), actor: "ana", channel: "page", clientID: "esp-front",
            data: #"{"from":"closed","to":"opening","took_ms":33000000,"command_id":"c-81"}"#)
        garage.sortEvents()
        let command = CommandRow(
            id: "c-81", gate: front, action: .open, status: .dispatched, reason: nil, actor: "ana", channel: "page",
            requested: ago(0.15), updated: ago(0.14), position: garage.position() - 2)
        let refused = CommandRow(
            id: "c-80", gate: front, action: .close, status: .rejected, reason: "obstructed", actor: "bruno",
            channel: "http", requested: ago(555), updated: ago(555), position: 3)
        let done = CommandRow(
            id: "c-79", gate: front, action: .open, status: .completed, reason: nil, actor: "bruno", channel: "http",
            requested: ago(560), updated: ago(559.7), position: 2)
        garage.change { content in
            content.garages = [home]
            content.commands = [command, refused, done]
            content.gates = [
                GateRow(
                    subject: front, state: .opening, since: ago(0.1), obstructed: false, device: "esp-front",
                    deviceOnline: true,
                    lastMovement: GateRow.LastMovement(
                        position: 5, to: .opening, time: ago(0.1), actor: "ana", channel: "page", commanded: true),
                    lastCommand: command),
                GateRow(
                    subject: back, state: .closed, since: ago(300), obstructed: false, device: "esp-back",
                    deviceOnline: true,
                    lastMovement: GateRow.LastMovement(
                        position: 9, to: .closed, time: ago(300), actor: "esp-back", channel: "device", commanded: false
                    ),
                    lastCommand: nil),
            ]
            content.devices = ["esp-front", "esp-back", "esp-dht1", "esp-dht2", "cam-back"].map { name in
                DeviceRow(
                    subject: subject(.device, name), clientID: name, online: name != "cam-back",
                    since: name == "cam-back" ? ago(33) : ago(2900), reason: name == "cam-back" ? "will" : nil,
                    lastEvent: name == "cam-back" ? ago(33) : ago(2))
            }
            content.topics[subject(.device, "esp-front")] = [
                DeviceTopic(topic: "garage/home/gate/front/state", reader: "native", count: 1, lastTime: ago(2)),
                DeviceTopic(topic: "tele/front/SENSOR", reader: "tasmota", count: 1204, lastTime: ago(1)),
                DeviceTopic(topic: "shop/front", reader: "rule porch", count: 2, lastTime: ago(3)),
            ]
            content.unmapped = [
                UnmappedTopic(
                    topic: "zigbee2mqtt/bridge/state", count: 1204, lastPayload: #"{"state":"online"}"#,
                    lastTime: ago(4), clientID: "zigbee"),
                UnmappedTopic(
                    topic: "tele/lamp/LWT", count: 2, lastPayload: "Online", lastTime: ago(600), clientID: nil),
            ]
        }
        return garage
    }

    /// Puts the events in the order in which they happened, as a real log has them.
    private func sortEvents() {
        change { content in
            content.events.sort { $0.event.time < $1.event.time }
            for index in content.events.indices { content.events[index].event.position = Int64(index + 1) }
        }
    }

    /// A gate that opens, lets a car through and closes.
    func addTraffic(gate: Subject, at time: Timestamp, actor: String, channel: String) {
        let device = "esp-\(gate.name)"
        let id = "c-\(time.microseconds % 97)"
        func later(_ seconds: Int64) -> Timestamp { time.adding(milliseconds: seconds * 1000) }
        append(
            gate, .commandRequested(CommandRequested(commandID: id, action: .open, expiresAt: later(10))), at: time,
            actor: actor, channel: channel, data: #"{"command_id":"\#(id)","action":"open"}"#)
        func move(_ from: GateState, _ to: GateState, _ seconds: Int64, _ took: Int64) {
            append(
                gate, .gateMoved(GateMoved(from: from, to: to, tookMilliseconds: took * 1000, commandID: id)),
                at: later(seconds), actor: actor, channel: channel, clientID: device,
                data: #"{"from":"\#(from.rawValue)","to":"\#(to.rawValue)","took_ms":\#(took * 1000)}"#)
        }
        move(.closed, .opening, 1, 26_300)
        move(.opening, .open, 15, 14)
        append(
            gate,
            .commandCompleted(CommandCompleted(commandID: id, action: .open, state: .open, tookMilliseconds: 15_100)),
            at: later(15), actor: actor, channel: channel, data: #"{"command_id":"\#(id)","state":"open"}"#)
        append(
            SampleGarage.subject(.spot, "A3"), .spotChanged(SpotChanged(occupied: true, tookMilliseconds: 8_000_000)),
            at: later(48), actor: "cam-front", clientID: "cam-front", data: #"{"occupied":true}"#)
        append(gate, .gateObstructed, at: later(60), actor: device, clientID: device)
        append(
            gate, .commandRejected(CommandRejected(commandID: id + "x", action: .close, reason: .obstructed)),
            at: later(64), actor: actor, channel: channel, data: #"{"action":"close","reason":"obstructed"}"#)
        append(gate, .gateObstructionCleared, at: later(70), actor: device, clientID: device)
        append(
            gate, .gateMoved(GateMoved(from: .open, to: .closing, tookMilliseconds: 75_000)), at: later(90),
            actor: device, clientID: device, data: #"{"from":"open","to":"closing","took_ms":75000}"#)
        append(
            gate, .gateMoved(GateMoved(from: .closing, to: .closed, tookMilliseconds: 13_400)), at: later(104),
            actor: device, clientID: device, data: #"{"from":"closing","to":"closed","took_ms":13400}"#)
    }

    private func addSpots(at now: Timestamp) {
        let minutes: [Double] = [12, 480, 557, 3, 75, 1400, 4400, 33, 290, 61, 7, 910]
        var spots: [SpotRow] = []
        for (index, minute) in minutes.enumerated() {
            let subject = SampleGarage.subject(.spot, index < 6 ? "A\(index + 1)" : "B\(index - 5)")
            let isOccupied = ![1, 3, 6, 9, 10].contains(index)
            let since = now.adding(milliseconds: Int64(-minute * 60_000))
            let device = index < 6 ? "cam-front" : "cam-back"
            spots.append(
                SpotRow(
                    subject: subject, occupied: isOccupied, since: since, device: device,
                    deviceOnline: index != 8))
        }
        for (spot, minute) in zip(spots, minutes).sorted(by: { $0.1 > $1.1 }) where minute < 1440 {
            append(
                spot.subject, .spotChanged(SpotChanged(occupied: spot.occupied, tookMilliseconds: 5_400_000)),
                at: spot.since, actor: spot.device ?? "", clientID: spot.device,
                data: #"{"occupied":\#(spot.occupied),"took_ms":5400000}"#)
        }
        change { $0.spots = spots }
    }

    /// Readings every five minutes of a day, with a gap of two hours for one sensor.
    private func addReadings(until now: Timestamp) {
        var points: [ReadingPoint] = []
        var sensors: [SensorRow] = []
        for (number, name) in ["dht1", "dht2", "roof"].enumerated() {
            let subject = SampleGarage.subject(.sensor, name)
            for step in 0...288 {
                if number == 1, (150...175).contains(step) { continue }
                let time = now.adding(milliseconds: Int64(step - 288) * 300_000 - 20_000)
                let hour = Double(time.microseconds / 60_000_000 % 1440) / 1440
                let wave = triangle(hour) + Double((step * 7919 + number * 31) % 11) / 40
                let temperature = 18.0 + 3 * Double(number) + 7 * wave
                points.append(SampleGarage.point(subject, .temperature, time, temperature))
                if number < 2 {
                    points.append(SampleGarage.point(subject, .humidity, time, 72 - 24 * wave - 3 * Double(number)))
                }
            }
            let latest = Quantity.allCases.compactMap { quantity -> SensorRow.LatestReading? in
                points.last { $0.sensor == subject.id && $0.quantity == quantity }.map {
                    SensorRow.LatestReading(
                        quantity: quantity, value: $0.mean,
                        time: number == 1 ? $0.time.adding(milliseconds: -1_500_000) : $0.time)
                }
            }
            let fault = SensorRow.FaultRow(
                fault: SensorFault(quantity: .humidity, kind: .notANumber, raw: "nan"),
                time: now.adding(milliseconds: -42 * 60_000))
            sensors.append(
                SensorRow(
                    subject: subject, device: "esp-\(name)", deviceOnline: true, latest: latest,
                    fault: number == 1 ? fault : nil))
        }
        for point in points.suffix(40) {
            append(
                SampleGarage.subject(.sensor, "roof"),
                .readingRecorded(Reading(quantity: point.quantity, value: point.mean)), at: point.time,
                clientID: "esp-roof")
        }
        change { content in
            content.readings = points
            content.sensors = sensors
        }
    }

    private static func point(_ sensor: Subject, _ quantity: Quantity, _ time: Timestamp, _ value: Double)
        -> ReadingPoint
    {
        let value = (value * 10).rounded() / 10
        return ReadingPoint(
            sensor: sensor.id, quantity: quantity, time: time, mean: value, minimum: value, maximum: value, count: 1)
    }

    /// 0 at midnight, 1 at noon, round like a day's warmth.
    private func triangle(_ part: Double) -> Double {
        let height = 1 - abs(part * 2 - 1)
        return height * height * (3 - 2 * height)
    }
}
