/// The topics where a message makes some device act: those of known firmware (``CommandTopics``) and those that the
/// garage's owner has named.
public struct CommandPositions: Hashable, Sendable {
    /// The positions of known firmware alone.
    public static let known = CommandPositions()

    /// The most that can be named.
    public static let mostFilters = 200

    private let own: [TopicPattern]

    /// - Parameter own: topic filters in MQTT's words, beside the known positions.
    public init(own: [TopicPattern] = []) { self.own = own }

    /// Whether a message on this topic asks some device to act.
    public func isCommand(_ topic: String) -> Bool {
        if CommandTopics.isCommand(topic) { return true }
        return own.contains { $0.match(topic) != nil }
    }

    /// As above, for a topic in somebody else's memory.
    public func isCommand(_ topic: UnsafeRawBufferPointer) -> Bool {
        if CommandTopics.isCommand(topic) { return true }
        guard !own.isEmpty else { return false }
        let text = String(decoding: topic, as: UTF8.self)
        return own.contains { $0.match(text) != nil }
    }
}
