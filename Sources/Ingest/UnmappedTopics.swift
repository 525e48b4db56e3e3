import GarageDomain

/// Counts the topics that no profile reads, so that nothing is dropped unseen.
///
/// Holds at most `capacity` topics; when a new one comes to a full table, the one that has been silent longest leaves.
struct UnmappedTopics {
    private let capacity: Int
    private var topics: [String: UnmappedTopic] = [:]
    /// Messages on topics that are no longer in the table.
    private(set) var forgotten = 0

    init(capacity: Int = 1000) { self.capacity = capacity }

    /// Counts one message. Only the first 200 bytes of `payload` are kept.
    mutating func count(
        topic: String, payload: UnsafeRawBufferPointer, clientID: String?, reason: String? = nil, at time: Timestamp
    ) {
        let text = String(decoding: payload.prefix(200), as: UTF8.self)
        if var known = topics[topic] {
            known.count += 1
            known.lastPayload = text
            known.lastTime = time
            known.clientID = clientID
            known.reason = reason
            topics[topic] = known
            return
        }
        if topics.count >= capacity, let oldest = topics.values.min(by: { $0.lastTime < $1.lastTime }) {
            forgotten += oldest.count
            topics[oldest.topic] = nil
        }
        topics[topic] = UnmappedTopic(
            topic: topic, count: 1, lastPayload: text, lastTime: time, clientID: clientID, reason: reason)
    }

    /// Forgets a topic, because a rule now reads it.
    mutating func remove(where isMapped: (String) -> Bool) {
        for topic in topics.keys.filter(isMapped) { topics[topic] = nil }
    }

    /// The topics, those heard last first.
    var newestFirst: [UnmappedTopic] {
        topics.values.sorted { ($1.lastTime, $0.topic) < ($0.lastTime, $1.topic) }
    }
}
