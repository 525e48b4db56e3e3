/// What a person or program can ask of a gate. The raw value is the word used in events and the API.
public enum GateAction: String, Sendable, Hashable, CaseIterable, Codable {
    case open, close, stop
}
