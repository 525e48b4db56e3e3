public import GarageDomain

/// A topic on which a device reports, and who reads it.
public struct DeviceTopic: Sendable, Hashable {
    public var topic: String
    /// Who reads it, as in `MessageExplanation.reader`: `native`, `rule porch`, `discovery`, or a firmware's name.
    public var reader: String
    /// How often the device has reported on it since the start.
    public var count: Int
    public var lastTime: Timestamp

    public init(topic: String, reader: String, count: Int, lastTime: Timestamp) {
        self.topic = topic
        self.reader = reader
        self.count = count
        self.lastTime = lastTime
    }
}

/// The topics on which devices have reported since the start.
public struct DeviceTopics: Sendable {
    private let topics: [Subject: [String: HeardTopics.Heard]]
    /// Grows with every message that is counted, and is never one of an earlier start.
    public let revision: Int64

    /// No device has reported.
    public static let none = DeviceTopics(heard: [:], revision: 0)

    init(heard topics: [Subject: [String: HeardTopics.Heard]], revision: Int64) {
        self.topics = topics
        self.revision = revision
    }

    public init(_ topics: [Subject: [DeviceTopic]], revision: Int64) {
        self.init(
            heard: topics.mapValues { list in
                Dictionary(list.map { ($0.topic, HeardTopics.Heard(topic: $0, message: 0)) }) { $1 }
            }, revision: revision)
    }

    /// The topics of a device, those heard last first.
    public func of(_ device: Subject) -> [DeviceTopic] {
        (topics[device] ?? [:]).values.map(\.topic).sorted { ($1.lastTime, $0.topic) < ($0.lastTime, $1.topic) }
    }
}
