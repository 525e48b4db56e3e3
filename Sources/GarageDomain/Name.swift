/// The name of a garage, gate, spot, sensor or device: 1 to 64 characters of `A-Z a-z 0-9 _ -`.
///
/// A name can therefore stand in a topic level, a URL path and an event stream without escaping.
public struct Name: Hashable, Comparable, Sendable, CustomStringConvertible {
    public let text: String

    /// The name with this text, or `nil` if the text has another character or length.
    public init?(_ text: String) {
        let bytes = text.utf8
        guard (1...64).contains(bytes.count), bytes.allSatisfy(Name.allows) else { return nil }
        self.text = text
    }

    /// The name nearest to any text, for example a client identifier: every other character becomes `-`, and the text
    /// is cut to 64 characters. An empty text gives `unnamed`.
    public init(nearest text: String) {
        let bytes = text.utf8.prefix(64).map { Name.allows($0) ? $0 : UInt8(ascii: "-") }
        self.text = bytes.isEmpty ? "unnamed" : String(decoding: bytes, as: UTF8.self)
    }

    public var description: String { text }

    public static func < (left: Name, right: Name) -> Bool { left.text < right.text }

    private static func allows(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }
}
