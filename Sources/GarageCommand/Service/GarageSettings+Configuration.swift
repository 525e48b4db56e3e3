import Foundation
import GarageConfiguration
import GarageDomain

extension GarageSettings {
    /// The domain's settings from the configuration. Throws a ``ConfigurationError`` for hours that can't be read.
    init(_ configuration: ServiceConfiguration, timeZone: TimeZone = .current) throws {
        self.init(commandTimeoutMilliseconds: Int64(configuration.gateCommandTimeout) * 1000)
        let perMinute = configuration.gateCommandsPerMinute
        commandsPerMinuteAndActor = perMinute > 0 ? perMinute : nil
        commandsPerMinuteAndGate = perMinute > 0 ? perMinute : nil
        everyGate.unattendedClose = .init(rawValue: configuration.gateUnattendedClose) ?? .off
        everyGate.warningSeconds = configuration.gateWarning
        everyGate.openTooLongMinutes = Self.unlessZero(configuration.gateOpenTooLong)
        for (name, own) in configuration.gates {
            let id = name.contains(".") ? name : "home.\(name)"
            guard let gate = Subject(kind: .gate, id: id) else {
                throw ConfigurationError("gates.\(name) is no name of a gate")
            }
            gates[gate] = try Self.settings(of: name, own, everyGate)
        }
        alerts.night = try Self.window(
            configuration.alertsNight, key: configuration.places.name(.alertsNight), never: "off")
        alerts.overstayHours = Self.unlessZero(configuration.alertsOverstay)
        alerts.silentSpotHours = Self.unlessZero(configuration.alertsSilentSpot)
        alerts.lostDeviceMinutes = Self.unlessZero(configuration.alertsLostDevice)
        alerts.silentDeviceMinutes = Self.unlessZero(configuration.alertsSilentDevice)
        quality.judgesJumps = configuration.qualityJumps
        quality.stuckHours = configuration.qualityStuckHours
        quality.silentAfterMissed = configuration.qualitySilentMissed
        quality.silentAfterSeconds = configuration.qualitySilentSeconds
        minuteOfDay = { time in
            let seconds = Double(time.microseconds) / 1_000_000
            let offset = timeZone.secondsFromGMT(for: Date(timeIntervalSince1970: seconds))
            let minute = (Int(seconds.rounded(.down)) + offset) / 60 % 1440
            return minute < 0 ? minute + 1440 : minute
        }
    }

    private static func settings(
        of name: String, _ own: GateConfiguration, _ base: GateSettings
    ) throws -> GateSettings {
        var gate = base
        if let type = own.type.flatMap(GateSettings.Opener.init) { gate.opener = type }
        if let close = own.unattendedClose.flatMap(GateSettings.UnattendedClose.init) { gate.unattendedClose = close }
        if let travel = own.travelSeconds { gate.travelSeconds = travel }
        if let warning = own.warningSeconds { gate.warningSeconds = warning }
        if let isOnePiece = own.isOnePiece { gate.isOnePiece = isOnePiece }
        if let blackout = own.blackoutSeconds { gate.blackoutSeconds = blackout }
        if let stale = own.staleSeconds { gate.staleSeconds = unlessZero(stale) }
        if let hours = own.hours { gate.hours = try window(hours, key: "gates.\(name).hours", never: "always") }
        if let minutes = own.autoCloseMinutes { gate.autoCloseMinutes = unlessZero(minutes) }
        if let minutes = own.openTooLongMinutes { gate.openTooLongMinutes = unlessZero(minutes) }
        return gate
    }

    private static func unlessZero(_ number: Int) -> Int? { number > 0 ? number : nil }

    private static func window(_ text: String, key: String, never: String) throws -> DayWindow? {
        if text == never { return nil }
        guard let window = DayWindow(text) else {
            throw ConfigurationError("\(key) is '\(text)'; it takes hours such as 22:00-06:00, or \(never)")
        }
        return window
    }
}
