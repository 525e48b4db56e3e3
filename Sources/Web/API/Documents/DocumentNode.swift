import Yams

/// A value of a YAML document, with the members of objects in their order.
indirect enum DocumentNode: Sendable, Equatable {
    case object([(name: String, value: DocumentNode)])
    case array([DocumentNode])
    case string(String)
    /// As it is written, for example `0.5`.
    case number(String)
    case bool(Bool)
    case null

    /// Reads a YAML text. Throws if it is none.
    init(yaml: String) throws {
        guard let node = try Yams.compose(yaml: yaml) else { self = .null; return }
        self.init(node)
    }

    private init(_ node: Node) {
        switch node {
        case .mapping(let mapping):
            var members: [(name: String, value: DocumentNode)] = []
            for (key, value) in mapping {
                let name = key.scalar?.string ?? ""
                let value = DocumentNode(value)
                // YAML's merge key puts another mapping's members here.
                if name == "<<", case .object(let merged) = value {
                    members += merged
                } else {
                    members.append((name, value))
                }
            }
            self = .object(members)
        case .sequence(let sequence): self = .array(sequence.map(DocumentNode.init))
        case .scalar(let scalar): self = DocumentNode.read(scalar)
        case .alias: self = .null
        }
    }

    /// A scalar without quotation marks may be more than text (YAML 1.2, core schema).
    private static func read(_ scalar: Node.Scalar) -> DocumentNode {
        guard scalar.style == .plain || scalar.style == .any else { return .string(scalar.string) }
        switch scalar.string {
        case "true": return .bool(true)
        case "false": return .bool(false)
        case "null", "~", "": return .null
        case let text where Int64(text) != nil: return .number(text)
        case let text where text.contains(".") && text.split(separator: ".").count == 2 && Double(text) != nil:
            return .number(text)
        case let text: return .string(text)
        }
    }

    static func == (left: DocumentNode, right: DocumentNode) -> Bool { left.json == right.json }

    subscript(_ name: String) -> DocumentNode? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.name == name }?.value
    }

    var members: [(name: String, value: DocumentNode)] {
        if case .object(let members) = self { members } else { [] }
    }

    var elements: [DocumentNode] {
        if case .array(let elements) = self { elements } else { [] }
    }

    /// The text of a string, number or truth value.
    var text: String? {
        switch self {
        case .string(let text), .number(let text): text
        case .bool(let value): value ? "true" : "false"
        case .null: "null"
        case .object, .array: nil
        }
    }

    /// The value as JSON on one line.
    var json: String {
        switch self {
        case .object(let members):
            "{" + members.map { JSONText.literal($0.name) + ":" + $0.value.json }.joined(separator: ",") + "}"
        case .array(let elements): "[" + elements.map(\.json).joined(separator: ",") + "]"
        case .string(let text): JSONText.literal(text)
        case .number(let text): text
        case .bool(let value): value ? "true" : "false"
        case .null: "null"
        }
    }

    /// The value that a reference such as `#/components/schemas/Event` within this document points to; others stand
    /// for themselves.
    func resolve(_ node: DocumentNode) -> DocumentNode {
        guard let reference = node["$ref"]?.text, reference.hasPrefix("#/") else { return node }
        return reference.dropFirst(2).split(separator: "/").reduce(self) { $0[String($1)] ?? .null }
    }
}
