/// Who made an observation, and in which way it came.
public struct Reporter: Hashable, Sendable {
    /// The MQTT client identifier of the connection that it came through.
    public var clientID: String
    /// The device's name where it is known otherwise, for example from the configuration; `nil` lets the state tell it
    /// from the client identifier.
    public var deviceName: Name?
    /// Whether the client chose its identifier itself. One that the broker assigned is another at each connection, so it
    /// names no device.
    public var hasOwnID: Bool
    /// Whether the message is the client's last will, so that the client itself is gone.
    public var isLastWill: Bool

    public init(clientID: String, deviceName: Name? = nil, hasOwnID: Bool = true, isLastWill: Bool = false) {
        self.clientID = clientID
        self.deviceName = deviceName
        self.hasOwnID = hasOwnID
        self.isLastWill = isLastWill
    }
}
