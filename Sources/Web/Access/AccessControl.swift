public import Access
public import EventLog
public import Foundation
public import GarageDomain

/// How the HTTP server decides who may do what.
public struct AccessControl: Sendable {
    /// People, sessions and tokens.
    public var registry: AccessRegistry
    /// Only programs on this machine can reach the server. As long as there are no people, it then lets everyone in.
    public var isOnLoopback: Bool
    /// Browsers reach the server over TLS, so cookies are sent over nothing else.
    public var isSecure: Bool
    /// The zone in which schedules are written.
    public var timeZone: TimeZone
    /// Appends an `access.*` event.
    public var record: @Sendable (EventBody, EventMetadata) async -> Void
    /// Adds, lists and removes devices.
    public var devices: any DeviceAdministration

    public init(
        registry: AccessRegistry, isOnLoopback: Bool, isSecure: Bool, timeZone: TimeZone,
        devices: any DeviceAdministration, record: @escaping @Sendable (EventBody, EventMetadata) async -> Void
    ) {
        self.registry = registry
        self.isOnLoopback = isOnLoopback
        self.isSecure = isSecure
        self.timeZone = timeZone
        self.devices = devices
        self.record = record
    }

    /// Nobody has to sign in: there is nobody who could, and only this machine reaches the server.
    var isOpen: Bool { isOnLoopback && !registry.hasPeople }

    /// The name of the session's cookie. The prefix makes browsers refuse one that another host or plain HTTP set.
    var cookieName: String { isSecure ? "__Host-garage_session" : "garage_session" }

    /// Whether the caller may move a gate now.
    func mayMove(_ gate: Subject, _ caller: CallerIdentity, at now: Timestamp) -> Bool {
        guard caller.has(.command) else { return false }
        guard let person = caller.person else { return true }
        return mayMove(gate, person, at: now)
    }

    /// Whether a person's rights cover moving a gate at this moment.
    public func mayMove(_ gate: Subject, _ person: Person, at now: Timestamp) -> Bool {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = timeZone
        let date = Date(timeIntervalSince1970: Double(now.microseconds) / 1_000_000)
        let parts = calendar.dateComponents([.weekday, .hour, .minute], from: date)
        let weekday = ((parts.weekday ?? 1) + 5) % 7
        return person.mayMove(gate.id, weekday: weekday, minute: (parts.hour ?? 0) * 60 + (parts.minute ?? 0))
    }
}

/// The devices that may connect to the broker, as the settings page manages them.
public protocol DeviceAdministration: Sendable {
    /// Names and the topics beside those that bear the name, in order of name.
    func devices() throws -> [(name: String, topics: [String])]
    /// Adds a device and returns its password, which is shown this once.
    func addDevice(_ name: String, topics: [String]) throws -> String
    /// Removes a device. One that is connected may publish and subscribe to nothing any more.
    func removeDevice(_ name: String) throws
}
