/// People near the gate are being warned that it will move.
public struct CommandWarned: Hashable, Sendable, Codable {
    public var commandID: String
    public var action: GateAction
    /// The command goes out at this moment, not before (microseconds since 1970).
    public var until: Timestamp

    public init(commandID: String, action: GateAction, until: Timestamp) {
        self.commandID = commandID
        self.action = action
        self.until = until
    }

    enum CodingKeys: String, CodingKey { case commandID = "command_id", action, until }
}

/// A person decided whether a gate may be closed when nobody says that they see it.
public struct UnattendedCloseChanged: Hashable, Sendable, Codable {
    public var mode: GateSettings.UnattendedClose
    public init(mode: GateSettings.UnattendedClose) { self.mode = mode }
}

/// A person let a gate take commands, or not.
public struct GateModeChanged: Hashable, Sendable, Codable {
    public var mode: GateMode
    /// Why, in the words of the person who did it.
    public var reason: String?

    public init(mode: GateMode, reason: String? = nil) {
        self.mode = mode
        self.reason = reason
    }
}
