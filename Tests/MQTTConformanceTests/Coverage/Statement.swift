import Foundation

/// One line of a list of statements.
struct Statement: Sendable {
    let id: String
    /// `server`, `client` or `both`.
    let binds: String
    /// The statement of MQTT 5.0 that says the same, if the list names one.
    let counterpart: String?
    /// What it says, in our words.
    let text: String

    var bindsServer: Bool { binds != "client" }

    /// The lists in `Statements`.
    enum List: String, CaseIterable, Sendable {
        case mqtt5
        case mqtt311
        case traps
    }

    struct Unreadable: Error, CustomStringConvertible {
        let description: String
    }

    static func read(_ list: List) throws -> [Statement] {
        try fields(of: list.rawValue).map { fields in
            guard fields.count == 3 || fields.count == 4 else {
                throw Unreadable(description: "\(list.rawValue).tsv: \(fields)")
            }
            let counterpart = fields.count == 4 && fields[2] != "-" ? fields[2] : nil
            return Statement(id: fields[0], binds: fields[1], counterpart: counterpart, text: fields[fields.count - 1])
        }
    }

    /// Why a statement that binds a server has no test.
    static func exceptions() throws -> [String: String] {
        let pairs = try fields(of: "exceptions").map { ($0[0], $0[1]) }
        return try Dictionary(pairs) { _, second in throw Unreadable(description: "twice: \(second)") }
    }

    private static func fields(of name: String) throws -> [[String]] {
        guard
            let file = Bundle.module.url(forResource: name, withExtension: "tsv", subdirectory: "Statements")
        else { throw Unreadable(description: "no \(name).tsv") }
        let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
        return lines.filter { !$0.hasPrefix("#") }.map { $0.split(separator: "\t").map(String.init) }
    }
}
