import Foundation
import Yams

/// Reads the list `devices.rules` of a configuration file. What the rules mean is checked by who uses them.
struct DeviceRuleReader {
    static let key = "devices.rules"
    private static let texts: Set<String> = [
        "id", "topic", "pointer", "property", "name", "scale", "offset", "unit", "model",
    ]
    private static let commands: Set<String> = ["topic", "open", "close", "stop"]

    let file: String

    /// The rules in their order; empty if the file has none.
    func read() throws(ConfigurationError) -> [DeviceRuleSetting] {
        guard let data = FileManager.default.contents(atPath: file), let text = String(bytes: data, encoding: .utf8),
            let root = try? Yams.compose(yaml: text), let list = root["devices"]?["rules"]
        else { return [] }
        guard case .sequence(let entries) = list else {
            if list.string?.isEmpty == true || list.string == "null" { return [] }
            throw error(at: list, "\(Self.key) is a list; each rule begins with '- topic: …'")
        }
        var rules: [DeviceRuleSetting] = []
        for entry in entries { rules.append(try rule(entry)) }
        return rules
    }

    private func rule(_ node: Node) throws(ConfigurationError) -> DeviceRuleSetting {
        guard case .mapping(let mapping) = node else {
            throw error(at: node, "a rule of \(Self.key) consists of keys and values")
        }
        var members: [String: String] = [:]
        for (keyNode, value) in mapping {
            let key = keyNode.string ?? "?"
            switch key {
            case "values":
                guard case .mapping(let words) = value else {
                    throw error(at: value, "values takes words and their meanings on indented lines, '0: closed'")
                }
                let pairs = words.map { "\($0.key.string ?? "")=\($0.value.string ?? "")" }
                guard !pairs.contains(where: { $0.contains(",") }) else {
                    throw error(at: value, "values can't have a comma in a word")
                }
                members["values"] = pairs.joined(separator: ",")
            case "command":
                guard case .mapping(let parts) = value else {
                    throw error(at: value, "command takes topic, open, close and stop on indented lines")
                }
                for (partNode, word) in parts {
                    guard let part = partNode.string, Self.commands.contains(part), let text = word.string else {
                        throw error(at: partNode, "command takes topic, open, close and stop")
                    }
                    members["command_\(part)"] = text
                }
            case let key where Self.texts.contains(key):
                guard let text = value.string else { throw error(at: value, "\(key) takes a text") }
                members[key] = text
            default:
                let known = (Self.texts.sorted() + ["values", "command"]).joined(separator: ", ")
                throw error(at: keyNode, "a rule has no '\(key)'; it has \(known)")
            }
        }
        for needed in ["topic", "property", "name"] where members[needed] == nil {
            throw error(at: node, "a rule of \(Self.key) needs \(needed)")
        }
        return DeviceRuleSetting(place: "\(file):\(node.mark?.line ?? 0)", members: members)
    }

    private func error(at node: Node, _ text: String) -> ConfigurationError {
        ConfigurationError("\(file):\(node.mark?.line ?? 0): \(text)")
    }
}
