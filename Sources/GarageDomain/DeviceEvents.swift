/// A device reported for the first time.
public struct DeviceSeen: Hashable, Sendable, Codable {
    public var clientID: String?
    public init(clientID: String?) { self.clientID = clientID }
    enum CodingKeys: String, CodingKey { case clientID = "client_id" }
}

/// A device came online.
public struct DeviceConnected: Hashable, Sendable, Codable {
    public var clientID: String?
    public init(clientID: String?) { self.clientID = clientID }
    enum CodingKeys: String, CodingKey { case clientID = "client_id" }
}

/// A device went offline.
public struct DeviceDisconnected: Hashable, Sendable, Codable {
    /// How we know. The raw value is the word used in events and the API.
    public enum Reason: String, Sendable, Hashable, CaseIterable, Codable {
        /// It said goodbye, or reported `offline` itself.
        case left
        /// The connection broke.
        case connectionLost = "connection-lost"
        /// Nothing was heard for one and a half keep-alive intervals.
        case keepAliveTimeout = "keep-alive-timeout"
        /// Its last will said `offline`.
        case will
        /// The service itself stopped.
        case serviceStopped = "service-stopped"
    }

    public var clientID: String?
    public var reason: Reason

    public init(clientID: String?, reason: Reason) {
        self.clientID = clientID
        self.reason = reason
    }

    enum CodingKeys: String, CodingKey { case clientID = "client_id", reason }
}
