import GarageDomain

/// The topic of one message that a device reports in, on the way to where the device is known.
struct ReportTopic: Sendable {
    let topic: String
    let reader: String
    /// The message's number since the start: one message may bring several observations and counts once.
    let message: UInt64

    /// A longer topic is no device's, and not worth its memory.
    static let longest = 512

    /// `nil` if the topic is too long to be kept.
    init?(_ topic: String, reader: String, message: UInt64) {
        guard topic.utf8.count <= ReportTopic.longest else { return nil }
        self.topic = topic
        self.reader = reader
        self.message = message
    }
}

/// Counts the topics on which each device reports.
///
/// It is bounded whatever clients send: of a device with too many topics the one that has been silent longest leaves, and
/// of too many in all the eighth that has been silent longest, so that room is seldom made.
struct HeardTopics: Sendable {
    struct Heard: Sendable {
        var topic: DeviceTopic
        /// The message that was counted last.
        var message: UInt64
    }

    private let capacity: Int
    private let capacityEach: Int
    private var devices: [Subject: [String: Heard]] = [:]
    private var count = 0
    private var revision: Int64

    /// - Parameter start: when the service started, so that no revision is one of an earlier start.
    init(start: Timestamp, capacity: Int = 10_000, capacityEach: Int = 50) {
        revision = start.microseconds
        self.capacity = capacity
        self.capacityEach = capacityEach
    }

    /// Counts a message of a device.
    mutating func note(_ report: ReportTopic, of device: Subject, at time: Timestamp) {
        if let isCounted = devices[device]?[report.topic]?.update(report, at: time) {
            if isCounted { revision &+= 1 }
            return
        }
        revision &+= 1
        let topic = DeviceTopic(topic: report.topic, reader: report.reader, count: 1, lastTime: time)
        devices[device, default: [:]][report.topic] = Heard(topic: topic, message: report.message)
        count += 1
        if devices[device]?.count ?? 0 > capacityEach { removeOldest(of: device) }
        if count > capacity { makeRoom() }
    }

    private mutating func removeOldest(of device: Subject) {
        guard let oldest = devices[device]?.min(by: { $0.value.topic.lastTime < $1.value.topic.lastTime }) else {
            return
        }
        remove(oldest.key, of: device)
    }

    private mutating func makeRoom() {
        let all = devices.flatMap { device, topics in
            topics.values.map { (device: device, topic: $0.topic.topic, time: $0.topic.lastTime) }
        }
        for old in all.sorted(by: { $0.time < $1.time }).prefix(max(1, capacity / 8)) {
            remove(old.topic, of: old.device)
        }
    }

    private mutating func remove(_ topic: String, of device: Subject) {
        guard devices[device]?.removeValue(forKey: topic) != nil else { return }
        count -= 1
        if devices[device]?.isEmpty == true { devices[device] = nil }
    }

    /// What has been heard so far.
    var all: DeviceTopics { DeviceTopics(heard: devices, revision: revision) }
}

extension HeardTopics.Heard {
    /// Counts a message; `false` if it was counted before.
    fileprivate mutating func update(_ report: ReportTopic, at time: Timestamp) -> Bool {
        guard message != report.message else { return false }
        message = report.message
        topic.count += 1
        topic.reader = report.reader
        topic.lastTime = time
        return true
    }
}
