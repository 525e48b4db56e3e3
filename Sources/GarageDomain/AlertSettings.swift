/// When alerts are raised.
public struct AlertSettings: Hashable, Sendable {
    /// No alert at all.
    public static let none: AlertSettings = {
        var settings = AlertSettings()
        settings.isOn = false
        return settings
    }()

    /// Whether any alert is raised.
    public var isOn = true
    /// A gate that moves in these hours without a command raises an alert; `nil` is never.
    public var night: DayWindow? = DayWindow(from: 22 * 60, to: 6 * 60)
    /// A spot that is taken for longer than this many hours raises an alert; `nil` is never.
    public var overstayHours: Int?
    /// A spot whose sensor reports nothing for this many hours raises an alert; `nil` is never. For sensors that report at
    /// a regular pace although nothing changes, as those of LoRaWAN do.
    public var silentSpotHours: Int?
    /// A device that was lost for longer than this many minutes raises an alert; `nil` is never.
    public var lostDeviceMinutes: Int? = 15
    /// A connected device that reports nothing for this many minutes raises an alert; `nil` is never.
    public var silentDeviceMinutes: Int?

    public init() {}
}
