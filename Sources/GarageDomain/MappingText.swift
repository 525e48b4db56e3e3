/// A mapping rule as a person writes it: what a device's topic means. Whether it makes sense is checked elsewhere.
public struct MappingText: Hashable, Sendable, Codable {
    /// The rule's name, 1 to 64 characters of `A-Z a-z 0-9 _ -`.
    public var id: String
    /// A topic filter in which a level can be a named wildcard: `casa/{place}/temp`.
    public var topic: String
    /// Where in a JSON payload the value is (RFC 6901); `nil` takes the payload as a whole.
    public var pointer: String?
    /// `temperature`, `humidity`, `state`, `position`, `obstruction`, `occupancy` or `status`.
    public var property: String
    /// The name of the sensor, gate, spot or device; `{place}` stands for what a wildcard found.
    public var name: String
    /// The value is multiplied by this before `offset` is added.
    public var scale: Double?
    public var offset: Double?
    /// `celsius` or `fahrenheit`.
    public var unit: String?
    /// The device's words and what they mean, as `0=closed,1=open`.
    public var values: String?
    /// The sensor's model, for example `dht11`.
    public var model: String?
    /// The topic that moves the gate, and what is sent there for each action.
    public var commandTopic: String?
    public var commandOpen: String?
    public var commandClose: String?
    public var commandStop: String?

    public init(id: String, topic: String, property: String, name: String) {
        self.id = id
        self.topic = topic
        self.property = property
        self.name = name
    }

    enum CodingKeys: String, CodingKey {
        case id, topic, pointer, property, name, scale, offset, unit, values, model
        case commandTopic = "command_topic"
        case commandOpen = "command_open"
        case commandClose = "command_close"
        case commandStop = "command_stop"
    }
}

/// A rule was taken away.
public struct MappingRemoved: Hashable, Sendable, Codable {
    public var id: String
    public init(id: String) { self.id = id }
}
