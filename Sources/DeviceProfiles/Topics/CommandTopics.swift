/// Which topics are command positions: topics where a message makes some device act.
///
/// A retained message there acts again at each reconnection, and a last will acts when a connection breaks, so the broker
/// refuses both. Device firmware puts its prefixes anywhere, so what counts is the place of a level in the topic and not
/// a list of filters.
public enum CommandTopics {
    /// Whether a message on this topic asks some device to act: `…/command`, `…/command/<x>`, `…/set`, `…/set/<x>`,
    /// `…/rpc`, `…/IN/<x>`, `cmnd` before any other level, and the few more places that known firmware listens on.
    ///
    /// Replies and notices that look alike are not commands: `…/command/result`, `…/events/rpc`.
    public static func isCommand(_ topic: Span<UInt8>) -> Bool {
        var shape = TopicShape()
        var start = 0
        while start <= topic.count {
            var end = start
            while end < topic.count, topic[end] != UInt8(ascii: "/") { end += 1 }
            shape.add(CommandLevel(topic, start..<end))
            start = end + 1
        }
        return shape.isCommand
    }

    /// As above, for a topic as text.
    public static func isCommand(_ topic: String) -> Bool { isCommand(Array(topic.utf8).span) }

    /// As above, for a topic in somebody else's memory.
    public static func isCommand(_ topic: UnsafeRawBufferPointer) -> Bool {
        topic.withMemoryRebound(to: UInt8.self) { isCommand(Span(_unsafeElements: $0)) }
    }
}

/// What one level of a topic means for the question.
private enum CommandLevel {
    case command, set, rpc, tasmotaCommand, inbound, actuate, down, push, sparkplug, sparkplugCommand
    case result, events, homeAssistant, config
    case other

    /// The longest word that means something.
    private static let longest = 13

    init(_ topic: Span<UInt8>, _ range: Range<Int>) {
        guard (2...CommandLevel.longest).contains(range.count) else {
            self = .other
            return
        }
        let word = topic.text(range)
        switch word.lowercased() {
        case "command", "commands": self = .command
        case "set": self = .set
        case "rpc": self = .rpc
        case "cmnd": self = .tasmotaCommand
        case "actuate": self = .actuate
        case "down": self = .down
        case "push", "replace": self = .push
        case "result": self = .result
        case "events": self = .events
        case "homeassistant": self = .homeAssistant
        case "config": self = .config
        // In lower case these are words of ordinary topics.
        case "in": self = word == "IN" ? .inbound : .other
        case "spbv1.0": self = .sparkplug
        case "ncmd", "dcmd": self = .sparkplugCommand
        default: self = .other
        }
    }
}

/// What is remembered of a topic on the way along its levels.
private struct TopicShape {
    private var first = CommandLevel.other
    private var count = 0
    private var beforeLast = CommandLevel.other
    private var last = CommandLevel.other
    /// `cmnd` or a Sparkplug command stood before the last level.
    private var hasCommandLevel = false
    /// An `rpc` level with a request below it, as ThingsBoard has it.
    private var hasRequest = false

    mutating func add(_ level: CommandLevel) {
        if count == 0 { first = level }
        if count > 0 {
            if last == .tasmotaCommand { hasCommandLevel = true }
            if last == .rpc, count > 1 { hasRequest = true }
        }
        if level == .sparkplugCommand, first == .sparkplug { hasCommandLevel = true }
        beforeLast = last
        last = level
        count += 1
    }

    var isCommand: Bool {
        if hasCommandLevel || hasRequest { return true }
        // A device that is named `set` may still announce itself.
        if first == .homeAssistant, last == .config { return false }
        switch (beforeLast, last) {
        case (.command, .result), (.events, .rpc): return false
        case (_, .command), (_, .set), (_, .rpc), (_, .actuate): return count > 1
        case (.command, _), (.set, _), (.inbound, _): return count > 2 || beforeLast != .set
        case (.down, .push): return true
        default: return false
        }
    }
}
