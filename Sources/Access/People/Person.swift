/// A person who may sign in.
public struct Person: Sendable, Hashable, Codable {
    /// Unique; 1 to 64 letters, digits, `_`, `-`, `.` and `@`.
    public let name: String
    public var role: Role
    /// Seconds since 1970.
    public let created: Int64
    /// The gates the person may move, as `garage.name`, or as a bare name in every garage; `nil` for all.
    public var gates: Set<String>?
    /// When the person may move gates; `nil` for always.
    public var schedule: Schedule?
    var password: PasswordHash
    /// Asked for before a gate is opened.
    var pin: PasswordHash?

    /// Whether opening a gate takes a PIN.
    public var hasPIN: Bool { pin != nil }

    /// Whether a text can be a person's name.
    public static func isName(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                    || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                    || "_-.@".utf8.contains(byte)
            }
    }

    /// Whether the person's rights cover moving this gate at this moment.
    /// - Parameters:
    ///   - gate: as `garage.name`.
    ///   - weekday: 0 for Monday to 6 for Sunday, in the site's time zone.
    ///   - minute: since midnight.
    public func mayMove(_ gate: String, weekday: Int, minute: Int) -> Bool {
        role.permissions.contains(.command)
            && gates.map { $0.contains(gate) || $0.contains(String(gate.drop { $0 != "." }.dropFirst())) } ?? true
            && schedule?.contains(weekday: weekday, minute: minute) ?? true
    }
}
