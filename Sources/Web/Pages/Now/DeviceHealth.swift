import Views

/// How the devices are, in one line of the dashboard.
struct DeviceHealth {
    let devices: [DeviceRow]
    let text: PageText

    func values() -> [String: Any] {
        let online = devices.count { $0.online }
        let isWhole = online == devices.count
        return [
            "t": text.words.texts,
            "hasDevices": !devices.isEmpty,
            "tone": isWhole ? "good" : "warning",
            "icon": text.icon(isWhole ? "online" : "offline"),
            "summary": text.words.text("devices_online", ["online": String(online), "count": String(devices.count)]),
        ]
    }
}
