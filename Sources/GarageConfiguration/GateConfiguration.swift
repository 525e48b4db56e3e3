/// What `gates:` sets about one gate; `nil` leaves what `gate:` says about all.
public struct GateConfiguration: Sendable, Hashable {
    /// `toggle`, `three-button` or `positional`.
    public var type: String?
    /// 1 to 600.
    public var travelSeconds: Int?
    /// `off`, `warn` or `device-warns`.
    public var unattendedClose: String?
    /// 5 to 60.
    public var warningSeconds: Int?
    public var isOnePiece: Bool?
    /// 0 to 600.
    public var blackoutSeconds: Int?
    /// 0 to 86400; 0 is never.
    public var staleSeconds: Int?
    /// `HH:MM-HH:MM`, or `always`.
    public var hours: String?
    /// 0 to 10080; 0 is never.
    public var autoCloseMinutes: Int?
    /// 0 to 10080; 0 is never.
    public var openTooLongMinutes: Int?

    public init() {}
}
