import Foundation
import Yams

/// Reads `gates:` from the configuration file: the only section whose keys are names that its writer chose.
struct GateSection {
    /// The section's name at the top of the file.
    static let name = "gates"

    let file: String

    /// The gates by the name that stands in the file: `front`, or `home.front` where there are several garages.
    func read() throws(ConfigurationError) -> [String: GateConfiguration] {
        guard let data = FileManager.default.contents(atPath: file), let text = String(bytes: data, encoding: .utf8),
            let root = try? Yams.compose(yaml: text), let section = root[GateSection.name], section != ""
        else { return [:] }
        guard case .mapping(let gates) = section else {
            throw error(at: section, "'gates' holds one section for each gate, on indented lines below it")
        }
        var found: [String: GateConfiguration] = [:]
        for (name, settings) in gates {
            let id = name.string ?? ""
            guard GateSection.isID(id) else {
                throw error(at: name, "'\(id)' is no name of a gate: NAME or GARAGE.NAME, of A-Z a-z 0-9 _ -")
            }
            guard case .mapping(let members) = settings else {
                throw error(at: name, "gates.\(id) is a section; its settings go on indented lines below it")
            }
            var gate = GateConfiguration()
            for (key, value) in members { try set(key, value, of: id, in: &gate) }
            found[id] = gate
        }
        return found
    }

    private func set(
        _ key: Node, _ value: Node, of id: String, in gate: inout GateConfiguration
    ) throws(ConfigurationError) {
        switch key.string {
        case "type": gate.type = try choice(key, value, of: ["toggle", "three-button", "positional"], id)
        case "travel_seconds": gate.travelSeconds = try number(key, value, in: 1...600, id)
        case "unattended_close":
            gate.unattendedClose = try choice(key, value, of: ["off", "warn", "device-warns"], id)
        case "warning_seconds": gate.warningSeconds = try number(key, value, in: 5...60, id)
        case "one_piece":
            guard let flag = value.bool else { throw wrong(key, value, id, "true or false") }
            gate.isOnePiece = flag
        case "blackout_seconds": gate.blackoutSeconds = try number(key, value, in: 0...600, id)
        case "stale_seconds": gate.staleSeconds = try number(key, value, in: 0...86_400, id)
        case "hours":
            guard let text = value.scalar?.string, !text.isEmpty else { throw wrong(key, value, id, "HH:MM-HH:MM") }
            gate.hours = text
        case "auto_close_minutes": gate.autoCloseMinutes = try number(key, value, in: 0...10_080, id)
        case "open_too_long_minutes": gate.openTooLongMinutes = try number(key, value, in: 0...10_080, id)
        default: throw error(at: key, "unknown key 'gates.\(id).\(key.string ?? "?")'")
        }
    }

    private func number(
        _ key: Node, _ value: Node, in range: ClosedRange<Int>, _ id: String
    ) throws(ConfigurationError) -> Int {
        guard let number = value.int, range.contains(number) else {
            throw wrong(key, value, id, "a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    private func choice(
        _ key: Node, _ value: Node, of choices: [String], _ id: String
    ) throws(ConfigurationError) -> String {
        guard let text = value.scalar?.string, choices.contains(text) else {
            throw wrong(key, value, id, choices.joined(separator: ", "))
        }
        return text
    }

    private func wrong(_ key: Node, _ value: Node, _ id: String, _ wanted: String) -> ConfigurationError {
        error(
            at: key,
            "gates.\(id).\(key.string ?? "?") is '\(value.scalar?.string ?? "no single value")'; it takes \(wanted)")
    }

    private func error(at node: Node, _ text: String) -> ConfigurationError {
        ConfigurationError("\(file):\(node.mark?.line ?? 0): \(text)")
    }

    private static func isID(_ text: String) -> Bool {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        return (1...2).contains(parts.count)
            && parts.allSatisfy { part in
                (1...64).contains(part.utf8.count)
                    && part.utf8.allSatisfy {
                        switch $0 {
                        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
                            true
                        default: false
                        }
                    }
            }
    }
}
