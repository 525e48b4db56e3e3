public import GarageDomain

/// How a gate is moved: the message for each action, as its firmware wants it.
public struct GateActuator: Hashable, Sendable {
    public var open: OutgoingMessage?
    public var close: OutgoingMessage?
    public var stop: OutgoingMessage?
    /// Whether one and the same pulse does all three, so that what it does depends on where the gate is.
    public var isToggle: Bool
    /// How long after it has connected the firmware ignores commands, in seconds.
    public var blackoutSeconds = 0

    public init(
        open: OutgoingMessage? = nil, close: OutgoingMessage? = nil, stop: OutgoingMessage? = nil,
        isToggle: Bool = false
    ) {
        self.open = open
        self.close = close
        self.stop = stop
        self.isToggle = isToggle
    }

    /// An opener with one topic that takes a word for each action.
    init(topic: String, open: String?, close: String?, stop: String?) {
        self.init(
            open: open.map { OutgoingMessage(topic: topic, payload: Array($0.utf8)) },
            close: close.map { OutgoingMessage(topic: topic, payload: Array($0.utf8)) },
            stop: stop.map { OutgoingMessage(topic: topic, payload: Array($0.utf8)) })
    }

    /// Where the opener is asked.
    var topics: [String] { [open, close, stop].compactMap { $0?.topic } }

    /// The message for an action; `nil` if the opener has none for it.
    public subscript(action: GateAction) -> OutgoingMessage? {
        switch action {
        case .open: open
        case .close: close
        case .stop: stop
        }
    }
}
