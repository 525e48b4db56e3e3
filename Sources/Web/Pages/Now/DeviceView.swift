import GarageDomain
import Ingest
import Views

/// The devices with the topics on which they report, and the topics that nothing reads.
struct DeviceView {
    let devices: [DeviceRow]
    let topics: DeviceTopics
    let unmapped: [UnmappedTopic]
    let text: PageText

    func values() -> [String: Any] {
        let online = devices.count { $0.online }
        return [
            "t": text.words.texts,
            "hasDevices": !devices.isEmpty,
            "summary": text.words.text("devices_online", ["online": String(online), "count": String(devices.count)]),
            "devices": devices.sorted { SpotView.comesFirst($0.subject, $1.subject) }.map(row),
            "hasUnmapped": !unmapped.isEmpty,
            "unmapped": unmapped.prefix(200).map(row),
        ]
    }

    private func row(_ device: DeviceRow) -> [String: Any] {
        let reason = device.reason.map { text.words.texts["offline_" + $0] ?? $0.cut(to: 60) } ?? ""
        let topics = topics.of(device.subject)
        return [
            "id": device.subject.id,
            "name": text.name(device.subject),
            "eventsPath": "/events?device=\(device.subject.name)&readings=1",
            "state": text.words.text(device.online ? "device_online" : "device_offline"),
            "icon": text.icon(device.online ? "online" : "offline"),
            "tone": device.online ? "good" : "warning",
            "reason": device.online ? "" : reason,
            "since": text.shortTime(device.since),
            "elapsed": text.elapsed(device.since),
            "lastEvent": text.shortTime(device.lastEvent),
            "clientID": (device.clientID ?? "").cut(to: 80),
            "subjects": device.reportsFor.prefix(50).map { subject -> [String: Any] in
                ["title": text.title(subject), "path": text.path(subject)]
            },
            "hasTopics": !topics.isEmpty,
            "topicSummary": summary(topics),
            "topics": topics.map(row),
        ]
    }

    /// How many topics, and who reads them.
    private func summary(_ topics: [DeviceTopic]) -> String {
        var readers: [String] = []
        for topic in topics {
            let reader = ReaderWording.name(topic.reader, in: text.words)
            if !readers.contains(reader) { readers.append(reader) }
        }
        return ([text.words.count("topics", topics.count)] + readers).joined(separator: " · ")
    }

    private func row(_ topic: DeviceTopic) -> [String: Any] {
        [
            "topic": topic.topic.cut(to: 200),
            "reader": ReaderWording.name(topic.reader, in: text.words),
            "count": text.words.count("messages", topic.count),
            "time": text.shortTime(topic.lastTime),
        ]
    }

    private func row(_ topic: UnmappedTopic) -> [String: Any] {
        [
            "topic": topic.topic.cut(to: 200),
            "count": text.words.number(Double(topic.count), decimals: 0),
            "payload": topic.lastPayload.cut(to: 200),
            "time": text.shortTime(topic.lastTime),
            "elapsed": text.elapsed(topic.lastTime),
            "clientID": (topic.clientID ?? "").cut(to: 80),
        ]
    }
}
