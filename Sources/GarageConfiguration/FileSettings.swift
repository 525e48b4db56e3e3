import Configuration
import Foundation
import Yams

/// The single settings of a configuration file, as text. Lists of their own form (`devices.rules`) are left to their
/// readers.
struct FileSettings {
    let file: String

    /// A provider of every setting below any section. An empty file has none.
    func provider() throws(ConfigurationError) -> InMemoryProvider {
        var values: [AbsoluteConfigKey: ConfigValue] = [:]
        guard let data = FileManager.default.contents(atPath: file), let text = String(bytes: data, encoding: .utf8),
            let root = try? Yams.compose(yaml: text)
        else { throw ConfigurationError("\(file): the file can't be read") }
        collect(root, below: "", into: &values)
        return InMemoryProvider(values: values)
    }

    private func collect(_ node: Node, below path: String, into values: inout [AbsoluteConfigKey: ConfigValue]) {
        switch node {
        case .mapping(let mapping):
            for (key, value) in mapping {
                guard let name = key.string else { continue }
                collect(value, below: path.isEmpty ? name : "\(path).\(name)", into: &values)
            }
        case .scalar(let scalar):
            // A key without a value, as in `listen:`, sets nothing.
            let isUnset = scalar.style == .plain && ["", "~", "null"].contains(scalar.string)
            if !isUnset, !path.isEmpty {
                values[AbsoluteConfigKey(ConfigKey(path))] = ConfigValue(.string(scalar.string), isSecret: false)
            }
        case .sequence(let sequence):
            let items = sequence.compactMap(\.string)
            if items.count == sequence.count {
                values[AbsoluteConfigKey(ConfigKey(path))] = ConfigValue(.stringArray(items), isSecret: false)
            }
        case .alias: break
        }
    }
}
