/// A device as the events tell it.
public struct DeviceStatus: Hashable, Sendable, Codable {
    /// The MQTT client that it was last seen through.
    public var clientID: String?
    /// Whether it is connected; `nil` until it was first known.
    public var online: Bool?
    /// When `online` last changed.
    public var since: Timestamp
    /// How it last went offline; `nil` if it never did.
    public var departure: DeviceDisconnected.Reason?

    public init(clientID: String?, online: Bool?, since: Timestamp) {
        self.clientID = clientID
        self.online = online
        self.since = since
    }
}
