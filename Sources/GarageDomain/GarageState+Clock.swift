/// A clock that is set must not change how much time has passed: no command may live longer for it, no limit hold for hours,
/// and no gate seem to have been open for a day. So everything that is remembered moves along with the clock.
extension GarageState {
    mutating func shift(by milliseconds: Int64) {
        func moved(_ time: Timestamp) -> Timestamp { time.adding(milliseconds: milliseconds) }

        for gate in gates.keys { gates[gate]?.shift(by: milliseconds) }
        for spot in spots.keys { spots[spot]?.since.shift(by: milliseconds) }
        for device in devices.keys { devices[device]?.since.shift(by: milliseconds) }
        for alert in alerts.keys { alerts[alert]?.since.shift(by: milliseconds) }
        for sensor in watches.keys { watches[sensor]?.shift(by: milliseconds) }
        heard = heard.mapValues(moved)
        heardDevices = heardDevices.mapValues(moved)
        heardSpots = heardSpots.mapValues(moved)
        commands.shift(by: milliseconds)
        rates.shift(by: milliseconds)
    }
}

extension Timestamp {
    mutating func shift(by milliseconds: Int64) { self = adding(milliseconds: milliseconds) }
}

extension GateStatus {
    fileprivate mutating func shift(by milliseconds: Int64) {
        since?.shift(by: milliseconds)
        openSince?.shift(by: milliseconds)
        superseded?.until.shift(by: milliseconds)
        command?.requestedAt.shift(by: milliseconds)
        command?.expiresAt.shift(by: milliseconds)
        command?.dispatchedAt?.shift(by: milliseconds)
        command?.warnedUntil?.shift(by: milliseconds)
    }
}
