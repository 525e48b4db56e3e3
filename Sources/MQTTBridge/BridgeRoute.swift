public import MQTTCodec

/// Which topics cross a bridge, in which direction and under which names: `pattern` is a topic filter without the
/// prefixes, `localPrefix + topic` the name here and `remotePrefix + topic` the name there.
public struct BridgeRoute: Sendable, Hashable {
    /// Seen from here.
    public enum Direction: String, Sendable, Hashable, CaseIterable {
        case out, `in`, both
    }

    public var pattern: String
    public var direction: Direction
    /// The highest quality of service that messages cross with, 0 or 1.
    public var qos: QoS
    public var localPrefix: String
    public var remotePrefix: String
    /// Whether retained messages stay retained on the other side.
    public var keepsRetain: Bool

    /// `nil` if no topic can match, or a prefix is no part of a topic name.
    public init?(
        pattern: String, direction: Direction = .out, qos: QoS = .atLeastOnce, localPrefix: String = "",
        remotePrefix: String = "", keepsRetain: Bool = true
    ) {
        guard !localPrefix.contains(where: { "+#\0".contains($0) }), qos <= .atLeastOnce,
            !remotePrefix.contains(where: { "+#\0".contains($0) }),
            let local = TopicFilter(localPrefix + pattern), local.shareName == nil,
            let remote = TopicFilter(remotePrefix + pattern), remote.shareName == nil,
            TopicFilter(pattern) != nil
        else { return nil }
        self.pattern = pattern
        self.direction = direction
        self.qos = qos
        self.localPrefix = localPrefix
        self.remotePrefix = remotePrefix
        self.keepsRetain = keepsRetain
    }

    /// What is subscribed to here.
    public var localFilter: String { localPrefix + pattern }
    /// What is subscribed to there.
    public var remoteFilter: String { remotePrefix + pattern }

    var goesOut: Bool { direction != .in }
    var comesIn: Bool { direction != .out }

    /// The name there of a topic here; `nil` if the route is not for it.
    func remoteTopic(of local: String) -> String? {
        guard goesOut else { return nil }
        return renamed(local, from: localPrefix, to: remotePrefix, filter: localFilter)
    }

    /// The name here of a topic there; `nil` if the route is not for it.
    func localTopic(of remote: String) -> String? {
        guard comesIn else { return nil }
        return renamed(remote, from: remotePrefix, to: localPrefix, filter: remoteFilter)
    }

    private func renamed(_ topic: String, from: String, to: String, filter: String) -> String? {
        guard topic.utf8.starts(with: from.utf8), Topic.matches(filter: filter, topic: topic) else { return nil }
        let renamed = to + String(decoding: topic.utf8.dropFirst(from.utf8.count), as: UTF8.self)
        return Topic.isValidName(renamed) ? renamed : nil
    }
}
