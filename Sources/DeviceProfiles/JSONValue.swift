/// A JSON value as a device wrote it. Numbers stay text, so that nothing is lost before they are understood.
enum JSONValue: Hashable {
    struct Member: Hashable {
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
}
