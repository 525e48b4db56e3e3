/// A valid topic filter, split into the share name, if it has one, and the filter to match with
/// (MQTT 5.0 section 4.8.2).
public struct TopicFilter: Sendable, Hashable, CustomStringConvertible {
    /// The name between `$share/` and the filter; nil for a subscription that is not shared.
    public let shareName: String?
    /// The filter without `$share/name/`.
    public let filter: String

    /// - Returns: nil for what `Topic.isValidFilter` refuses.
    public init?(_ text: String) {
        guard Topic.isValidFilter(text) else { return nil }
        let split = Topic.withBytes(of: text) { bytes -> Int? in
            Topic.isShared(bytes) ? Topic.endOfShareName(bytes) : nil
        }
        guard let split else {
            shareName = nil
            filter = text
            return
        }
        let utf8 = text.utf8
        let name = utf8.prefix(split).dropFirst("$share/".utf8.count)
        shareName = String(name) ?? ""
        filter = String(utf8.dropFirst(split + 1)) ?? ""
    }

    /// The filter as it is sent in SUBSCRIBE and UNSUBSCRIBE.
    public var description: String {
        shareName.map { "$share/\($0)/\(filter)" } ?? filter
    }
}
