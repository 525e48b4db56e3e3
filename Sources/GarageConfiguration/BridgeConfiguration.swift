/// What the file says about one bridge to another broker.
public struct BridgeConfiguration: Sendable, Hashable {
    /// One entry of `topics`.
    public struct Route: Sendable, Hashable {
        public var topic: String
        /// `out`, `in` or `both`.
        public var direction = "out"
        /// 0 or 1.
        public var qos = 1
        public var localPrefix = ""
        public var remotePrefix = ""
        public var keepsRetain = true
        /// Where it stands, `file:line`.
        public var place: String
    }

    public var name: String
    public var address = HostPort(host: "", port: 0)
    /// `5` or `3.1.1`.
    public var version = "5"
    public var clientID: String?
    public var user: String?
    public var password: String?
    /// Whether the connection is encrypted, with these files.
    public var usesTLS = false
    public var authority: String?
    public var certificate: String?
    public var key: String?
    public var serverName: String?
    public var keepAlive = 60
    public var shortestPause = 1
    public var longestPause = 60
    public var queueMessages = 100_000
    public var queueBytes = 67_108_864
    /// `oldest` or `newest`.
    public var queueDrop = "oldest"
    /// The gates that commands from the other broker may move, `NAME` or `GARAGE.NAME`; `*` stands for all.
    public var gates: [String] = []
    /// Whether command topics cross towards the other broker.
    public var sendsCommands = false
    public var routes: [Route] = []

    /// Each setting with its value in force, without secrets.
    public var values: [(key: String, value: String)] {
        var values: [(String, String)] = [
            ("address", address.description), ("version", version), ("client_id", clientID ?? "(by name)"),
            ("user", user ?? "(none)"), ("password", password == nil ? "(not set)" : "(set)"),
            ("tls", usesTLS ? "on" : "off"), ("tls.ca", authority ?? "(the system's)"),
            ("tls.certificate", certificate ?? "(none)"), ("tls.key", key ?? "(none)"),
            ("tls.server_name", serverName ?? address.host), ("keep_alive_seconds", String(keepAlive)),
            ("reconnect_seconds", "\(shortestPause) to \(longestPause)"), ("queue.messages", String(queueMessages)),
            ("queue.bytes", String(queueBytes)), ("queue.drop", queueDrop),
            ("gates", gates.isEmpty ? "(none)" : gates.joined(separator: ", ")),
            ("send_commands", String(sendsCommands)),
        ]
        for (index, route) in routes.enumerated() {
            values.append(
                (
                    "topics.\(index + 1)",
                    "\(route.topic) \(route.direction) qos \(route.qos), '\(route.localPrefix)' here, "
                        + "'\(route.remotePrefix)' there" + (route.keepsRetain ? "" : ", retain dropped")
                ))
        }
        return values.map { ("bridges.\(name).\($0.0)", $0.1) }
    }
}
