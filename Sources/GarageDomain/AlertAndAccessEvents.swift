/// Something a person should look at.
public struct Alert: Hashable, Sendable, Codable {
    /// A stable name of the condition, for example `sensor-fault`.
    public var condition: String
    public var text: String

    public init(condition: String, text: String) {
        self.condition = condition
        self.text = text
    }
}

/// Someone was refused.
public struct AccessDenied: Hashable, Sendable, Codable {
    /// What was tried, for example `publish garage/home/gate/front/actuate`.
    public var attempt: String
    public var address: String?

    public init(attempt: String, address: String?) {
        self.attempt = attempt
        self.address = address
    }
}

/// Someone's rights were changed.
public struct AccessChanged: Hashable, Sendable, Codable {
    public var user: String
    public var change: String

    public init(user: String, change: String) {
        self.user = user
        self.change = change
    }
}

/// What the log held of someone was blanked. It doesn't say of whom: that is what was erased.
public struct DataErased: Hashable, Sendable, Codable {
    /// How many events were blanked.
    public var events: Int64
    public init(events: Int64) { self.events = events }
}

/// A person's remark in the log.
public struct Note: Hashable, Sendable, Codable {
    public var text: String
    public init(text: String) { self.text = text }
}

/// A person has taken note of an event.
public struct Acknowledgement: Hashable, Sendable, Codable {
    public var position: Int64
    /// If the event is an alert, its condition.
    public var condition: String?

    public init(position: Int64, condition: String? = nil) {
        self.position = position
        self.condition = condition
    }
}
