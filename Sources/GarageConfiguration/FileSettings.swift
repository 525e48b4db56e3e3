import Configuration
import Foundation
import Yams

/// The single settings of a configuration file, as text. Lists of their own form (`devices.rules`) are left to their
/// readers.
struct FileSettings {
    let file: String

    /// Every setting below any section, and where it stands. An empty file has none.
    func source() throws(ConfigurationError) -> Source {
        var values: [AbsoluteConfigKey: ConfigValue] = [:]
        var lines: [String: Int] = [:]
        guard let data = FileManager.default.contents(atPath: file), let text = String(bytes: data, encoding: .utf8),
            let root = try? Yams.compose(yaml: text)
        else { throw ConfigurationError("\(file): the file can't be read") }
        collect(root, below: "", into: &values, &lines)
        return Source(name: file, reader: ConfigReader(provider: InMemoryProvider(values: values)), lines: lines)
    }

    private func collect(
        _ node: Node, below path: String, into values: inout [AbsoluteConfigKey: ConfigValue],
        _ lines: inout [String: Int]
    ) {
        switch node {
        case .mapping(let mapping):
            for (key, value) in mapping {
                guard let name = key.string else { continue }
                let own = path.isEmpty ? name : "\(path).\(name)"
                lines[own] = key.mark?.line
                collect(value, below: own, into: &values, &lines)
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
