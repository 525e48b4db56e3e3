import GarageConfiguration
import GarageDomain
import MQTTBridge
import MQTTBroker
import MQTTCodec

extension BridgeSettings {
    /// What the configuration of a bridge means.
    ///
    /// Throws a ``ConfigurationError`` for what can't be used.
    init(_ bridge: BridgeConfiguration) throws {
        self.init(
            name: bridge.name, host: bridge.address.host, port: bridge.address.port,
            clientID: bridge.clientID ?? "garage-\(bridge.name)")
        version = bridge.version == "5" ? .v5 : .v3_1_1
        userName = bridge.user
        password = bridge.password
        if bridge.usesTLS {
            tls = TLS(
                authorityFile: bridge.authority, certificateFile: bridge.certificate, keyFile: bridge.key,
                serverName: bridge.serverName)
        }
        keepAlive = UInt16(clamping: bridge.keepAlive)
        shortestPause = bridge.shortestPause
        longestPause = bridge.longestPause
        maximumQueuedMessages = bridge.queueMessages
        maximumQueuedBytes = bridge.queueBytes
        queueDrop = bridge.queueDrop == "oldest" ? .oldest : .newest
        sendsCommands = bridge.sendsCommands
        var filters: (here: Set<String>, there: Set<String>) = ([], [])
        for route in bridge.routes {
            let read = try Self.read(route, of: bridge.name)
            if read.direction != .in, !filters.here.insert(read.localFilter).inserted {
                throw ConfigurationError("\(route.place): '\(read.localFilter)' goes out twice")
            }
            if read.direction != .out, !filters.there.insert(read.remoteFilter).inserted {
                throw ConfigurationError("\(route.place): '\(read.remoteFilter)' comes in twice")
            }
            routes.append(read)
        }
    }

    private static func read(_ route: BridgeConfiguration.Route, of name: String) throws -> BridgeRoute {
        guard
            let read = BridgeRoute(
                pattern: route.topic, direction: BridgeRoute.Direction(rawValue: route.direction) ?? .out,
                qos: QoS(rawValue: UInt8(clamping: route.qos)) ?? .atLeastOnce, localPrefix: route.localPrefix,
                remotePrefix: route.remotePrefix, keepsRetain: route.keepsRetain)
        else {
            throw ConfigurationError(
                "\(route.place): '\(route.localPrefix)\(route.topic)' is no topic filter, or a prefix has + or #, in "
                    + "bridges.\(name).topics")
        }
        if read.direction != .out, read.localFilter.hasPrefix("$") {
            throw ConfigurationError(
                "\(route.place): nothing from another broker comes in below '$'; give it a local_prefix")
        }
        return read
    }

    /// The gate with this id; a lone name is of the garage `home`.
    static func gate(_ id: String) -> Subject? { Subject(kind: .gate, id: id.contains(".") ? id : "home.\(id)") }

    /// Every bridge of the configuration, each checked.
    static func all(_ configuration: ServiceConfiguration) throws -> [BridgeSettings] {
        for bridge in configuration.bridges {
            for gate in bridge.gates where gate != "*" && self.gate(gate) == nil {
                throw ConfigurationError("bridges.\(bridge.name).gates has '\(gate)'; it takes NAME or GARAGE.NAME")
            }
        }
        return try configuration.bridges.map { try BridgeSettings($0) }
    }
}
