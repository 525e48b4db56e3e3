import Foundation
import Yams

/// Reads `bridges:` from the configuration file: a section for each bridge, by a name that its writer chose.
///
/// A password may also come from the environment, `GARAGE_BRIDGES_<NAME>_PASSWORD`, or from a file, `password_file`.
struct BridgeSection {
    /// The section's name at the top of the file.
    static let name = "bridges"

    let file: String
    let environment: [String: String]

    func read() throws(ConfigurationError) -> [BridgeConfiguration] {
        guard let data = FileManager.default.contents(atPath: file), let text = String(bytes: data, encoding: .utf8),
            let root = try? Yams.compose(yaml: text), let section = root[Self.name], section != ""
        else { return [] }
        guard case .mapping(let bridges) = section else {
            throw error(at: section, "'bridges' holds one section for each bridge, on indented lines below it")
        }
        var found: [BridgeConfiguration] = []
        for (name, settings) in bridges { found.append(try bridge(name, settings)) }
        return found
    }

    private func bridge(_ nameNode: Node, _ settings: Node) throws(ConfigurationError) -> BridgeConfiguration {
        let name = nameNode.string ?? ""
        guard (1...64).contains(name.utf8.count), name.utf8.allSatisfy(Self.isNameByte) else {
            throw error(at: nameNode, "'\(name)' is no name of a bridge: up to 64 of A-Z a-z 0-9 _ -")
        }
        guard case .mapping(let members) = settings else {
            throw error(at: nameNode, "bridges.\(name) is a section; its settings go on indented lines below it")
        }
        var bridge = BridgeConfiguration(name: name)
        for (key, value) in members { try set(key, value, in: &bridge) }
        let variable =
            "GARAGE_BRIDGES_" + name.uppercased().map { $0 == "-" ? "_" : String($0) }.joined() + "_PASSWORD"
        if let password = environment[variable], !password.isEmpty { bridge.password = password }
        if bridge.address.host.isEmpty {
            throw error(at: nameNode, "bridges.\(name) needs address: HOST:PORT of the other broker")
        }
        if bridge.routes.isEmpty {
            throw error(at: nameNode, "bridges.\(name) needs topics: what is to cross")
        }
        if bridge.password != nil, bridge.user == nil {
            throw error(at: nameNode, "bridges.\(name) has a password, and so needs a user")
        }
        if bridge.longestPause < bridge.shortestPause {
            throw error(at: nameNode, "bridges.\(name): reconnect_maximum_seconds is below reconnect_minimum_seconds")
        }
        return bridge
    }

    private func set(_ key: Node, _ value: Node, in bridge: inout BridgeConfiguration) throws(ConfigurationError) {
        let path = "bridges.\(bridge.name).\(key.string ?? "?")"
        switch key.string {
        case "address":
            guard let address = value.string.flatMap({ HostPort($0) }), address.port > 0 else {
                throw wrong(key, path, value, "HOST:PORT, for example broker.example.org:8883")
            }
            bridge.address = address
        case "version": bridge.version = try choice(key, path, value, of: ["5", "3.1.1"])
        case "client_id": bridge.clientID = try text(key, path, value)
        case "user": bridge.user = try text(key, path, value)
        case "password":
            guard let password = value.string, !password.isEmpty else { throw error(at: key, "\(path) is empty") }
            bridge.password = password
        case "password_file": bridge.password = try password(key, path, value)
        case "tls": try setTLS(key, path, value, in: &bridge)
        case "keep_alive_seconds": bridge.keepAlive = try number(key, path, value, in: 1...65_535)
        case "reconnect_minimum_seconds": bridge.shortestPause = try number(key, path, value, in: 1...3600)
        case "reconnect_maximum_seconds": bridge.longestPause = try number(key, path, value, in: 1...86_400)
        case "queue": try setQueue(key, path, value, in: &bridge)
        case "gates":
            guard case .sequence(let items) = value else {
                throw wrong(key, path, value, "a list, for example [front]")
            }
            bridge.gates = items.compactMap(\.string)
        case "send_commands":
            guard let flag = value.bool else { throw wrong(key, path, value, "true or false") }
            bridge.sendsCommands = flag
        case "topics":
            guard case .sequence(let items) = value else {
                throw wrong(key, path, value, "a list; each entry begins with '- topic: …'")
            }
            for item in items { bridge.routes.append(try route(item, path)) }
        default: throw error(at: key, "unknown key '\(path)'")
        }
    }

    private func setTLS(
        _ key: Node, _ path: String, _ value: Node, in bridge: inout BridgeConfiguration
    ) throws(ConfigurationError) {
        if let flag = value.bool {
            bridge.usesTLS = flag
            return
        }
        guard case .mapping(let members) = value else {
            throw wrong(key, path, value, "true, false, or settings on indented lines below it")
        }
        bridge.usesTLS = true
        for (key, value) in members {
            switch key.string {
            case "ca": bridge.authority = try text(key, path + ".ca", value)
            case "certificate": bridge.certificate = try text(key, path + ".certificate", value)
            case "key": bridge.key = try text(key, path + ".key", value)
            case "server_name": bridge.serverName = try text(key, path + ".server_name", value)
            default: throw error(at: key, "unknown key '\(path).\(key.string ?? "?")'")
            }
        }
        if (bridge.certificate == nil) != (bridge.key == nil) {
            throw error(at: key, "\(path).certificate and \(path).key belong together; one of them is missing")
        }
    }

    private func setQueue(
        _ key: Node, _ path: String, _ value: Node, in bridge: inout BridgeConfiguration
    ) throws(ConfigurationError) {
        guard case .mapping(let members) = value else {
            throw wrong(key, path, value, "messages, bytes and drop on indented lines below it")
        }
        for (key, value) in members {
            switch key.string {
            case "messages": bridge.queueMessages = try number(key, path + ".messages", value, in: 1...10_000_000)
            case "bytes": bridge.queueBytes = try number(key, path + ".bytes", value, in: 1024...1_099_511_627_776)
            case "drop": bridge.queueDrop = try choice(key, path + ".drop", value, of: ["oldest", "newest"])
            default: throw error(at: key, "unknown key '\(path).\(key.string ?? "?")'")
            }
        }
    }

    private func route(_ node: Node, _ path: String) throws(ConfigurationError) -> BridgeConfiguration.Route {
        guard case .mapping(let members) = node else {
            throw error(at: node, "an entry of \(path) begins with 'topic: …'")
        }
        var route = BridgeConfiguration.Route(topic: "", place: "\(file):\(node.mark?.line ?? 0)")
        for (key, value) in members {
            let path = "\(path).\(key.string ?? "?")"
            switch key.string {
            case "topic": route.topic = try text(key, path, value)
            case "direction": route.direction = try choice(key, path, value, of: ["out", "in", "both"])
            case "qos": route.qos = try number(key, path, value, in: 0...1)
            case "local_prefix": route.localPrefix = value.string ?? ""
            case "remote_prefix": route.remotePrefix = value.string ?? ""
            case "retain":
                guard let flag = value.bool else { throw wrong(key, path, value, "true or false") }
                route.keepsRetain = flag
            default: throw error(at: key, "unknown key '\(path)'")
            }
        }
        guard !route.topic.isEmpty else { throw error(at: node, "an entry of \(path) needs topic") }
        return route
    }

    private func password(_ key: Node, _ path: String, _ value: Node) throws(ConfigurationError) -> String {
        let file = try text(key, path, value)
        guard let data = FileManager.default.contents(atPath: file), let text = String(bytes: data, encoding: .utf8)
        else { throw error(at: key, "\(path): the file '\(file)' can't be read") }
        let line = text.split(separator: "\n", maxSplits: 1).first.map { $0.hasSuffix("\r") ? $0.dropLast() : $0 } ?? ""
        guard !line.isEmpty else { throw error(at: key, "\(path): the file '\(file)' is empty") }
        return String(line)
    }

    // MARK: Values

    private func text(_ key: Node, _ path: String, _ value: Node) throws(ConfigurationError) -> String {
        guard let text = value.string, !text.isEmpty else { throw error(at: key, "\(path) takes a text") }
        return text
    }

    private func number(
        _ key: Node, _ path: String, _ value: Node, in range: ClosedRange<Int>
    ) throws(ConfigurationError) -> Int {
        guard let number = value.int, range.contains(number) else {
            throw wrong(key, path, value, "a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    private func choice(
        _ key: Node, _ path: String, _ value: Node, of choices: [String]
    ) throws(ConfigurationError) -> String {
        guard let text = value.scalar?.string, choices.contains(text) else {
            throw wrong(key, path, value, choices.joined(separator: ", "))
        }
        return text
    }

    private func wrong(_ key: Node, _ path: String, _ value: Node, _ wanted: String) -> ConfigurationError {
        error(at: key, "\(path) is '\(value.scalar?.string ?? "no single value")'; it takes \(wanted)")
    }

    private func error(at node: Node, _ text: String) -> ConfigurationError {
        ConfigurationError("\(file):\(node.mark?.line ?? 0): \(text)")
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }
}
