import EventLog
import GarageDomain
import Testing
import Views

@Suite struct PresentTests {
    @Test func aMovementIsAttributedToTheCommandThatCausedIt() async throws {
        try await GarageLog.with { garage in
            let gate = try subject("gate/home.front")
            try await garage.append(gate.stream, moved(nil, .closed), at: 0, device: "esp1")
            let request = CommandRequested(commandID: "c1", action: .open, expiresAt: GarageLog.at(20), reason: "visit")
            let position = try await garage.append(
                gate.stream, .commandRequested(request), at: 10, actor: "ana", channel: "page"
            )
            let views = try await garage.caughtUpViews()
            var row = try #require(try await views.gate(gate))
            #expect(row.state == .closed)
            #expect(row.lastMovement == nil)
            #expect(row.lastCommand?.status == .requested)

            try await garage.append(
                gate.stream, .commandDispatched(CommandDispatched(commandID: "c1", action: .open, receivers: 1)),
                at: 10.1
            )
            try await garage.append(gate.stream, moved(.closed, .opening, command: "c1"), at: 11, device: "esp1")
            try await garage.append(gate.stream, moved(.opening, .open, command: "c1"), at: 25, device: "esp1")
            let done = CommandCompleted(commandID: "c1", action: .open, state: .open, tookMilliseconds: 15_000)
            try await garage.append(gate.stream, .commandCompleted(done), at: 25)
            try await views.catchUp()
            row = try #require(try await views.gate(gate))
            let command = CommandRow(
                id: "c1", gate: gate, action: .open, status: .completed, reason: nil, actor: "ana", channel: "page",
                requested: GarageLog.at(10), updated: GarageLog.at(25), position: position
            )
            #expect(row.state == .open)
            #expect(row.since == GarageLog.at(25))
            #expect(row.device == "esp1")
            #expect(row.lastCommand == command)
            #expect(
                row.lastMovement
                    == GateRow.LastMovement(
                        position: 5, to: .open, time: GarageLog.at(25), actor: "ana", channel: "page", commanded: true)
            )
            #expect(try await views.command(gate: gate, id: "c1") == command)
            #expect(try await views.commands(of: gate, limit: 10) == [command])
            #expect(try await views.gates() == [row])
            try views.close()
        }
    }

    @Test func commandsKeepWhatBecameOfThem() async throws {
        try await GarageLog.with { garage in
            let gate = try subject("gate/home.front")
            let views = try await garage.caughtUpViews()
            func ask(_ id: String, at seconds: Double) async throws {
                let body = CommandRequested(commandID: id, action: .close, expiresAt: GarageLog.at(seconds + 10))
                try await garage.append(
                    gate.stream, .commandRequested(body), at: seconds, actor: "ana", channel: "http")
            }
            try await ask("a", at: 1)
            try await garage.append(
                gate.stream, .commandFailed(CommandFailed(commandID: "a", action: .close, reason: .reversed)), at: 2
            )
            let refused = CommandRejected(commandID: "b", action: nil, reason: .unreadable)
            try await garage.append(gate.stream, .commandRejected(refused), at: 3, actor: "bob", channel: "mqtt")
            try await ask("c", at: 4)
            // What becomes of a command that was never asked for says nothing.
            try await garage.append(
                gate.stream, .commandFailed(CommandFailed(commandID: "x", action: .open, reason: .timedOut)), at: 5
            )
            try await views.catchUp()
            let commands = try await views.commands(of: gate, limit: 10)
            #expect(commands.map(\.id) == ["c", "b", "a"])
            #expect(commands.map(\.status) == [.requested, .rejected, .failed])
            #expect(commands.map(\.reason) == [nil, "unreadable", "reversed"])
            #expect(commands.map(\.action) == [.close, nil, .close])
            #expect(commands.map(\.actor) == ["ana", "bob", "ana"])
            #expect(try await views.commands(of: gate, limit: 1).map(\.id) == ["c"])
            #expect(try await views.command(gate: gate, id: "x") == nil)
            // Commands alone make no gate: a request for one that does not exist is recorded, too.
            #expect(try await views.gates().isEmpty)
            #expect(try await views.gate(gate) == nil)
            try views.close()
        }
    }

    @Test func obstructionStandsUntilItIsCleared() async throws {
        try await GarageLog.with { garage in
            let views = try await garage.caughtUpViews()
            try await garage.append("gate/home.front", .gateObstructed, at: 1, device: "esp1")
            try await views.catchUp()
            var row = try #require(try await views.gates().first)
            #expect(row.obstructed)
            #expect(row.state == nil)
            #expect(row.since == nil)
            #expect(row.lastMovement == nil)
            #expect(row.lastCommand == nil)
            try await garage.append("gate/home.front", .gateObstructionCleared, at: 2, device: "esp1")
            try await views.catchUp()
            row = try #require(try await views.gates().first)
            #expect(!row.obstructed)
            try views.close()
        }
    }

    @Test func devicesAreOnlineUntilTheyAreNot() async throws {
        try await GarageLog.with { garage in
            let esp1 = try subject("device/home.esp1")
            let views = try await garage.caughtUpViews()
            try await garage.append(esp1.stream, .deviceSeen(DeviceSeen(clientID: "ESP-1")), at: 1)
            try await garage.append(esp1.stream, .deviceConnected(DeviceConnected(clientID: "ESP-1")), at: 2)
            try await garage.append("spot/home.A1", .spotChanged(SpotChanged(occupied: true)), at: 3, device: "esp1")
            try await garage.append("spot/beach.A1", .spotChanged(SpotChanged(occupied: false)), at: 4, device: "esp1")
            try await views.catchUp()
            let online = DeviceRow(
                subject: esp1, clientID: "ESP-1", online: true, since: GarageLog.at(1), reason: nil,
                lastEvent: GarageLog.at(3), reportsFor: [try subject("spot/home.A1")]
            )
            let beach = DeviceRow(
                subject: try subject("device/beach.esp1"), clientID: nil, online: true, since: GarageLog.at(4),
                reason: nil,
                lastEvent: GarageLog.at(4), reportsFor: [try subject("spot/beach.A1")]
            )
            #expect(try await views.devices() == [beach, online])
            #expect(
                try await views.spots() == [
                    SpotRow(
                        subject: try subject("spot/beach.A1"), occupied: false, since: GarageLog.at(4), device: "esp1",
                        deviceOnline: true),
                    SpotRow(
                        subject: try subject("spot/home.A1"), occupied: true, since: GarageLog.at(3), device: "esp1",
                        deviceOnline: true),
                ]
            )

            let gone = DeviceDisconnected(clientID: nil, reason: .keepAliveTimeout)
            try await garage.append(esp1.stream, .deviceDisconnected(gone), at: 9)
            try await garage.append(esp1.stream, .deviceDisconnected(gone), at: 10)
            try await views.catchUp()
            let offline = DeviceRow(
                subject: esp1, clientID: "ESP-1", online: false, since: GarageLog.at(9), reason: "keep-alive-timeout",
                lastEvent: GarageLog.at(10), reportsFor: [try subject("spot/home.A1")]
            )
            #expect(try await views.devices() == [beach, offline])
            #expect(try await views.spots().map(\.deviceOnline) == [true, false])
            #expect(try await views.garages().map(\.text) == ["beach", "home"])
            try views.close()
        }
    }

    @Test func aFaultStandsUntilTheNextGoodValue() async throws {
        try await GarageLog.with { garage in
            let sensor = try subject("sensor/home.dht1")
            let views = try await garage.caughtUpViews()
            func row() async throws -> SensorRow {
                try await views.catchUp()
                return try #require(try await views.sensor(sensor))
            }
            try await garage.append(sensor.stream, reading(.humidity, 58), at: 1, device: "esp1")
            try await garage.append(sensor.stream, reading(.temperature, 23.4), at: 2, device: "esp1")
            var now = try await row()
            #expect(
                now.latest == [
                    SensorRow.LatestReading(quantity: .temperature, value: 23.4, time: GarageLog.at(2)),
                    SensorRow.LatestReading(quantity: .humidity, value: 58, time: GarageLog.at(1)),
                ]
            )
            #expect(now.fault == nil)
            #expect(now.device == "esp1")

            let nan = SensorFault(quantity: .humidity, kind: .notANumber, raw: "nan")
            try await garage.append(sensor.stream, .faultDetected(nan), at: 3, device: "esp1")
            try await garage.append(sensor.stream, reading(.temperature, 23.5), at: 4, device: "esp1")
            now = try await row()
            #expect(now.fault == SensorRow.FaultRow(fault: nan, time: GarageLog.at(3)))
            #expect(now.latest.map(\.value) == [23.5, 58])

            let unreadable = SensorFault(quantity: nil, kind: .unreadable, raw: "{")
            try await garage.append(sensor.stream, .faultDetected(unreadable), at: 5, device: "esp1")
            #expect(try await row().fault?.fault == unreadable)
            try await garage.append(sensor.stream, reading(.temperature, 23.6), at: 6, device: "esp1")
            #expect(try await row().fault?.fault == nan)
            try await garage.append(sensor.stream, reading(.humidity, 59), at: 7, device: "esp1")
            #expect(try await row().fault == nil)
            #expect(try await views.sensors().map(\.subject) == [sensor])
            try views.close()
        }
    }
}
