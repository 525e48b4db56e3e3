import Foundation
import Yams

/// Finds what means nothing to the service in a YAML file, so that a key that is misspelt, or set to something of another
/// form, is not silently ignored.
struct UnknownKeyCheck {
    let file: String

    /// Whether the file sets anything. Throws at the first unknown key, naming its line and the known key that is nearest
    /// to it.
    func run() throws(ConfigurationError) -> Bool {
        guard let data = FileManager.default.contents(atPath: file) else {
            throw ConfigurationError("\(file): the file does not exist or can't be read")
        }
        guard let text = String(bytes: data, encoding: .utf8) else {
            throw ConfigurationError("\(file): the file is not UTF-8 text")
        }
        let root: Node?
        do {
            root = try Yams.compose(yaml: text)
        } catch let YamlError.scanner(_, problem, mark, _) {
            throw ConfigurationError("\(file):\(mark.line): not YAML: \(problem)")
        } catch let YamlError.parser(_, problem, mark, _) {
            throw ConfigurationError("\(file):\(mark.line): not YAML: \(problem)")
        } catch {
            throw ConfigurationError("\(file): not YAML: \("\(error)".prefix { $0 != "\n" })")
        }
        guard let root, root != "" else { return false }
        guard case .mapping(let mapping) = root else {
            throw ConfigurationError("\(file): the file must hold keys and values, for example 'data: ./garage-data'")
        }
        try check(mapping, below: "")
        return true
    }

    private func check(_ mapping: Node.Mapping, below prefix: String) throws(ConfigurationError) {
        for (keyNode, value) in mapping {
            let name = keyNode.string ?? "?"
            let path = prefix.isEmpty ? name : "\(prefix).\(name)"
            // Sections of their own form, which their readers check.
            if [GateSection.name, DeviceRuleReader.key, BridgeSection.name].contains(path) { continue }
            if Key(rawValue: path) != nil {
                guard Self.isSetting(value) else {
                    throw error(at: keyNode, "'\(path)' takes a value, or a list of values where there may be several")
                }
                continue
            }
            let isSection = Key.allCases.contains { $0.rawValue.hasPrefix(path + ".") }
            if isSection {
                if case .mapping(let inner) = value {
                    try check(inner, below: path)
                } else if value != "" {
                    throw error(at: keyNode, "'\(path)' is a section; its settings go on indented lines below it")
                }
                continue
            }
            let hint = Key.nearest(to: path).map { "; did you mean '\($0.rawValue)'?" } ?? ""
            throw error(at: keyNode, "unknown key '\(path)'\(hint)")
        }
    }

    /// Whether a node can be what a key is set to. Anything else would be passed over.
    private static func isSetting(_ value: Node) -> Bool {
        switch value {
        case .scalar: true
        case .sequence(let items): items.allSatisfy { $0.scalar != nil }
        case .mapping, .alias: false
        }
    }

    private func error(at node: Node, _ text: String) -> ConfigurationError {
        ConfigurationError("\(file):\(node.mark?.line ?? 0): \(text)")
    }
}
