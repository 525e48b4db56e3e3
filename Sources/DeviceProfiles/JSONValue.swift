/// A JSON value as a device wrote it. Numbers stay text, so that nothing is lost before they are understood.
enum JSONValue: Hashable, Sendable {
    struct Member: Hashable, Sendable {
        var key: String
        var value: JSONValue
    }

    case null
    case bool(Bool)
    case number(String)
    case string(String)
    /// A bare word that JSON does not have but devices send: `nan`, `NaN`, `Infinity`, `None`.
    case word(String)
    case array([JSONValue])
    /// The members in their order; no key stands twice.
    case object([Member])

    /// Whether the value can stand for a measured value or say that there is none.
    var isScalar: Bool {
        switch self {
        case .null, .number, .string, .word: true
        case .bool, .array, .object: false
        }
    }

    /// The value as text: of a string its content, of an array or object only a sign that it is one.
    var text: String {
        switch self {
        case .null: "null"
        case .bool(let value): value ? "true" : "false"
        case .number(let text), .string(let text), .word(let text): text
        case .array: "[…]"
        case .object: "{…}"
        }
    }

    /// The member of an object with this key.
    subscript(key: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.key == key }?.value
    }

    /// The members, if this is an object.
    var members: [Member] {
        if case .object(let members) = self { members } else { [] }
    }

    /// The elements, if this is an array.
    var elements: [JSONValue] {
        if case .array(let elements) = self { elements } else { [] }
    }

    /// The content of a string.
    var string: String? {
        if case .string(let text) = self { text } else { nil }
    }

    /// The number, also if it is written as a string.
    var number: Double? {
        switch self {
        case .number(let text), .string(let text):
            DecimalText(Array(text.utf8)[...]).flatMap { $0.value.isFinite ? $0.value : nil }
        case .null, .bool, .word, .array, .object: nil
        }
    }

    /// The truth value, if this is one.
    var bool: Bool? {
        if case .bool(let value) = self { value } else { nil }
    }

    /// The value as one lower-case word; empty for arrays and objects.
    var word: String {
        switch self {
        case .array, .object: ""
        default: text.lowercased()
        }
    }
}
