/// A place in a JSON value (RFC 6901): `/a/b/0`.
public struct JSONPointer: Hashable, Sendable, CustomStringConvertible {
    private let keys: [String]
    public let description: String

    /// `nil` if the text is no pointer: it has to be empty or begin with `/`, and `~` stands only in `~0` and `~1`.
    public init?(_ text: String) {
        guard text.utf8.count <= 512 else { return nil }
        description = text
        guard !text.isEmpty else {
            keys = []
            return
        }
        guard text.hasPrefix("/") else { return nil }
        var keys: [String] = []
        for part in text.dropFirst().split(separator: "/", omittingEmptySubsequences: false) {
            guard keys.count < 16, let key = JSONPointer.unescaped(part) else { return nil }
            keys.append(key)
        }
        self.keys = keys
    }

    /// The value at the place, or `nil` if there is none.
    func value(in json: JSONValue) -> JSONValue? {
        var value = json
        for key in keys {
            if case .array(let elements) = value {
                guard key.utf8.count <= 5, let index = Int(key), index >= 0, index < elements.count else { return nil }
                value = elements[index]
            } else {
                guard let member = value[key] else { return nil }
                value = member
            }
        }
        return value
    }

    private static func unescaped(_ part: Substring) -> String? {
        var text = ""
        var rest = part
        while let character = rest.popFirst() {
            guard character == "~" else {
                text.append(character)
                continue
            }
            switch rest.popFirst() {
            case "0": text.append("~")
            case "1": text.append("/")
            default: return nil
            }
        }
        return text
    }
}
