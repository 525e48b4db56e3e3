/// What is known and allowed about one gate.
public struct GateSettings: Hashable, Sendable {
    /// How the opener takes orders. The raw value is the word used in the configuration.
    public enum Opener: String, Sendable, Hashable, CaseIterable {
        /// One button: each pulse starts, stops or turns the gate, whatever the order was.
        case toggle
        /// Separate orders for open, close and stop.
        case threeButton = "three-button"
        /// As `threeButton`, and it reports how far open it is.
        case positional
    }

    /// Whether the gate may be closed when nobody says that they see it. The raw value is the word used in the
    /// configuration.
    public enum UnattendedClose: String, Sendable, Hashable, CaseIterable, Codable {
        case off
        /// After a warning that the gate's device gives as the service asks it to.
        case warn
        /// The opener itself warns before it moves.
        case deviceWarns = "device-warns"
    }

    /// The shortest warning before an unattended close, in seconds (16 CFR 1211.14).
    public static let shortestWarningSeconds = 5

    public var opener = Opener.threeButton
    /// How long the gate takes from one end to the other, in seconds; `nil` lets it be learned.
    public var travelSeconds: Int?
    public var unattendedClose = UnattendedClose.off
    /// How long the warning before an unattended close lasts, in seconds; never less than `shortestWarningSeconds`.
    public var warningSeconds = GateSettings.shortestWarningSeconds
    /// A swing or one-piece gate, which must not be closed unattended.
    public var isOnePiece = false
    /// After its device has connected, the gate gets no command for this many seconds.
    public var blackoutSeconds = 0
    /// A state that was not repeated for this many seconds is stale; `nil` lets it hold as long as the device is there.
    public var staleSeconds: Int?
    /// The hours in which the gate can be opened and closed from afar; `nil` is always.
    public var hours: DayWindow?
    /// The service closes the gate itself when it has stood open for this many minutes; `nil` is never.
    public var autoCloseMinutes: Int?
    /// An alert is raised when the gate has been open for this many minutes; `nil` is never.
    public var openTooLongMinutes: Int? = 15

    public init() {}

    /// The warning that an unattended close begins with, in milliseconds.
    var warningMilliseconds: Int64 {
        Int64(max(warningSeconds, GateSettings.shortestWarningSeconds)) * 1000
    }
}

/// A part of each day, from one minute to another; it may go over midnight.
public struct DayWindow: Hashable, Sendable {
    /// Minutes since midnight, 0 to 1439; the window begins with it.
    public var from: Int
    /// Minutes since midnight, 0 to 1440; the window ends before it.
    public var to: Int

    public init(from: Int, to: Int) {
        self.from = from
        self.to = to
    }

    /// Reads `22:00-06:00`; `nil` if the text is not of that form.
    public init?(_ text: String) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, let from = DayWindow.minutes(parts[0]), let to = DayWindow.minutes(parts[1]),
            from != to, from < 1440
        else { return nil }
        self.init(from: from, to: to)
    }

    /// Whether this minute of the day is in the window.
    public func contains(_ minute: Int) -> Bool {
        from < to ? (from..<to).contains(minute) : minute >= from || minute < to
    }

    private static func minutes(_ text: Substring) -> Int? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ $0.utf8.count == 2 }), let hours = UInt8(parts[0]),
            let minutes = UInt8(parts[1]), minutes < 60, hours < 24 || (hours == 24 && minutes == 0)
        else { return nil }
        return Int(hours) * 60 + Int(minutes)
    }
}
