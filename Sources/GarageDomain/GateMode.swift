/// Whether a gate takes commands. The raw value is the word used in events and the API.
public enum GateMode: String, Sendable, Hashable, CaseIterable, Codable {
    case normal
    /// Nobody can open or close it from afar; `stop` still works.
    case locked
    /// As `locked`, and what the gate does raises no alert, because someone works on it.
    case maintenance
}
