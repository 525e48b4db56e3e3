/// Where settings were made, for error messages. All places are equal: a setting means the same wherever it stands.
public struct SettingPlaces: Sendable, Hashable {
    private var places: [Key: String] = [:]

    init() {}

    init(_ settings: SettingReader) {
        for key in Key.allCases { places[key] = settings.place(of: key) }
    }

    /// The key and, if it was set, where: with its line for one of a file.
    public func name(_ key: Key) -> String { key.rawValue + (places[key].map { " in \($0)" } ?? "") }

    public static func == (left: SettingPlaces, right: SettingPlaces) -> Bool { true }

    public func hash(into hasher: inout Hasher) {}
}
