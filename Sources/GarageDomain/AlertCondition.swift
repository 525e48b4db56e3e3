/// What an alert is about. The raw value is the word used in events and the API.
public enum AlertCondition: String, Sendable, Hashable, CaseIterable {
    case openTooLong = "open-too-long"
    case obstructed
    /// A gate moved in the night and nobody had asked it to.
    case movedAtNight = "moved-at-night"
    case commandFailed = "command-failed"
    case unattendedCloseSuspended = "unattended-close-suspended"
    /// Someone asks for movements faster than the limits allow.
    case tooManyCommands = "too-many-commands"
    case overstay
    /// A spot of which nothing was heard for so long that it may be free or taken.
    case silentSpot = "silent-spot"
    case silentDevice = "silent-device"
    /// A sensor is silent or stuck, or has sent nothing plausible several times in a row.
    case sensorFault = "sensor-fault"

    /// Whether the condition does not end by itself, so that a person's acknowledgement ends the alert.
    public var isMomentary: Bool { self == .movedAtNight || self == .tooManyCommands || self == .commandFailed }
}

/// An alert that stands.
public struct AlertKey: Hashable, Sendable, Comparable, Codable {
    public var subject: Subject
    public var condition: String

    public init(subject: Subject, condition: String) {
        self.subject = subject
        self.condition = condition
    }

    public static func < (left: AlertKey, right: AlertKey) -> Bool {
        (left.subject, left.condition) < (right.subject, right.condition)
    }
}

/// Since when an alert stands, and whether someone has taken note.
public struct StandingAlert: Hashable, Sendable, Codable {
    public var since: Timestamp
    public var text: String
    public var isAcknowledged = false

    public init(since: Timestamp, text: String) {
        self.since = since
        self.text = text
    }
}
