import GarageDomain

/// A topic of the service's own convention, taken apart.
enum NativeTopic: Hashable {
    /// `garage/home/sensor/dht1`
    case sensor(Subject)
    /// `garage/home/sensor/dht1/temperature`
    case reading(Subject, Quantity)
    /// `garage/home/gate/front/state`
    case gateState(Subject)
    /// `garage/home/gate/front/obstruction`
    case obstruction(Subject)
    /// `garage/home/gate/front/command`
    case command(Subject)
    /// `garage/home/spot/A1/state`
    case spotState(Subject)
    /// `garage/home/device/esp1/status`
    case deviceStatus(Subject)
    /// What only the service publishes: `…/actuate`, `…/warning`, `…/command/result`, `garage/home/events`,
    /// `garage/home/occupancy`, `garage/home/alerts`, `garage/home/log/head`,
    /// and what is kept for Home Assistant: `garage/home/availability`, `garage/home/published/…`
    case ours

    /// `nil` if the topic is not of the convention, or one of its names is no `Name`.
    init?(_ topic: Span<UInt8>) {
        var levels = TopicLevels(topic)
        guard levels.next(in: topic) == "garage", let garage = levels.next(in: topic).flatMap({ Name($0) }),
            let kindWord = levels.next(in: topic)
        else { return nil }
        if kindWord == "published" || (kindWord == "availability" && levels.isAtEnd) {
            self = .ours
            return
        }
        if kindWord == "events" || kindWord == "occupancy" || kindWord == "alerts", levels.isAtEnd {
            self = .ours
            return
        }
        if kindWord == "log" {
            guard levels.next(in: topic) == "head", levels.isAtEnd else { return nil }
            self = .ours
            return
        }
        guard let kind = Subject.Kind(rawValue: kindWord), let name = levels.next(in: topic).flatMap({ Name($0) })
        else { return nil }
        let subject = Subject(garage: garage, kind: kind, name: name)
        let property = levels.next(in: topic)
        let detail = levels.next(in: topic)
        guard levels.isAtEnd else { return nil }
        switch (kind, property, detail) {
        case (.sensor, nil, nil): self = .sensor(subject)
        case (.sensor, let property?, nil):
            guard let quantity = Quantity(rawValue: property) else { return nil }
            self = .reading(subject, quantity)
        case (.gate, "state", nil): self = .gateState(subject)
        case (.gate, "obstruction", nil): self = .obstruction(subject)
        case (.gate, "command", nil): self = .command(subject)
        case (.gate, "command", "result"), (.gate, "actuate", nil), (.gate, "warning", nil): self = .ours
        case (.spot, "state", nil): self = .spotState(subject)
        case (.device, "status", nil): self = .deviceStatus(subject)
        default: return nil
        }
    }
}

/// Walks along the levels of a topic.
private struct TopicLevels {
    /// No level of the convention is longer.
    private static let longest = 64
    private var position = 0
    private(set) var isAtEnd: Bool

    init(_ topic: Span<UInt8>) { isAtEnd = topic.isEmpty }

    /// The next level, `nil` at the end. One too long to be of the convention comes as an empty text.
    mutating func next(in topic: Span<UInt8>) -> String? {
        guard !isAtEnd else { return nil }
        let start = position
        while position < topic.count, topic[position] != UInt8(ascii: "/") { position += 1 }
        let range = start..<position
        if position < topic.count { position += 1 } else { isAtEnd = true }
        return range.count <= TopicLevels.longest ? topic.text(range) : ""
    }
}
