import EventLog
import GarageDomain
import Ingest
import Views

@testable import Web

/// What devices and people could send to break a page.
extension SampleGarage {
    /// Tags, quotes with and without a combining mark, an override of the writing direction, and control characters.
    static let hostileText = """
        <script>alert(1)</script>"><img src=x onerror=alert(2)>'"\u{301} onfocus=alert(3) "\u{202e}txt\u{0}\u{7}{{t.nav_events}}&lt;
        """

    /// Every text that comes from outside is hostile, every name as long as it can be, and everything is in trouble.
    static func hostile(at now: Timestamp) -> SampleGarage {
        let garage = SampleGarage.filled(at: now)
        let text = hostileText
        let long = String(repeating: "Wolkenkratzer_", count: 5).prefix(64)
        let (gate, sensor) = (subject(.gate, String(long)), subject(.sensor, String(long)))
        let bodies: [EventBody] = [
            .commandRequested(CommandRequested(commandID: text, action: .open, expiresAt: now, reason: text)),
            .faultDetected(SensorFault(quantity: nil, kind: .unreadable, raw: text)),
            .alertRaised(Alert(condition: text, text: text)),
            .accessDenied(AccessDenied(attempt: text, address: text)),
            .accessChanged(AccessChanged(user: text, change: text)),
            .noteAdded(Note(text: text + String(repeating: "x", count: 65_536))),
            .deviceConnected(DeviceConnected(clientID: text)),
        ]
        for body in bodies {
            garage.append(
                gate, body, at: now, actor: text, channel: text, clientID: text, data: "{\"raw\":\"\(text)\"}")
        }
        garage.append(
            sensor, .faultDetected(SensorFault(quantity: .humidity, kind: .null, raw: text)), at: now, actor: text)
        let command = CommandRow(
            id: text, gate: gate, action: nil, status: .failed, reason: text, actor: text, channel: text,
            requested: now,
            updated: now, position: 1)
        garage.change { content in
            content.garages.append(Name(nearest: "second"))
            content.commands.append(command)
            content.gates.append(
                GateRow(
                    subject: gate, state: nil, since: nil, obstructed: true, device: text, deviceOnline: false,
                    lastMovement: GateRow.LastMovement(
                        position: 1, to: .stopped, time: now, actor: text, channel: text, commanded: false),
                    lastCommand: command))
            content.spots.append(
                SpotRow(
                    subject: subject(.spot, String(long)), occupied: true, since: now, device: text, deviceOnline: false
                ))
            let reading = SensorRow.LatestReading(quantity: .temperature, value: -39.95, time: now)
            let fault = SensorRow.FaultRow(
                fault: SensorFault(quantity: .humidity, kind: .null, raw: text), time: now)
            content.sensors.append(
                SensorRow(subject: sensor, device: text, deviceOnline: false, latest: [reading], fault: fault))
            content.devices.append(
                DeviceRow(
                    subject: subject(.device, String(long)), clientID: text, online: false, since: now, reason: text,
                    lastEvent: now))
            content.topics[subject(.device, String(long))] = [
                DeviceTopic(topic: text, reader: "rule " + text, count: .max, lastTime: now)
            ]
            content.unmapped.append(
                UnmappedTopic(topic: text, count: .max, lastPayload: text, lastTime: now, clientID: text))
            var strange = content.events[0]
            strange.event.position = Int64(content.events.count + 1)
            strange.event.type = text
            strange.event.stream = text
            (strange.subject, strange.body) = (nil, nil)
            content.events.append(strange)
        }
        return garage
    }
}
