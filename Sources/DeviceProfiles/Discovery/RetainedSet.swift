/// What is kept retained by the service itself, so that only what has changed is published.
public struct RetainedSet: Sendable {
    private var kept: [String: [UInt8]] = [:]

    /// - Parameter kept: what the broker holds already.
    public init(kept: [String: [UInt8]] = [:]) { self.kept = kept }

    /// The messages that make the broker hold exactly `wanted`, by topic: what is new or different, and an empty one for
    /// what is gone. In the order of their topics.
    public mutating func update(to wanted: [String: [UInt8]]) -> [OutgoingMessage] {
        var messages: [OutgoingMessage] = []
        for (topic, payload) in wanted where kept[topic] != payload {
            messages.append(OutgoingMessage(topic: topic, payload: payload))
        }
        for topic in kept.keys where wanted[topic] == nil {
            messages.append(OutgoingMessage(topic: topic, payload: []))
        }
        kept = wanted
        return messages.sorted { $0.topic < $1.topic }
    }

    /// Has a message published again at the next update although it is the same.
    public mutating func forget(_ topic: String) { if kept[topic] != nil { kept[topic] = [] } }

    /// Has everything published again at the next update.
    public mutating func forget() { kept = kept.mapValues { _ in [] } }
}
