/// Requests for one path over connections that stay open.
public struct HTTPLoad: Sendable, Hashable {
    public var name: String
    /// With its query, as it goes on the wire.
    public var path: String
    public var accept: String
    /// Each has one request under way. 1 to 1000.
    public var connections: Int
    /// Over all connections. At least 1.
    public var requests: Int
    /// Whether each request says that the client has the answer already, by its entity tag, so that 304 is the answer
    /// that counts. The tag is asked for once, before the clock starts.
    public var isConditional: Bool

    public init(
        name: String, path: String, accept: String = "*/*", connections: Int = 16, requests: Int = 2000,
        isConditional: Bool = false
    ) {
        self.isConditional = isConditional
        self.name = name
        self.path = path
        self.accept = accept
        self.connections = connections
        self.requests = requests
    }

    /// Why this load can't be run, or `nil` if it can.
    public var mistake: String? {
        if !(1...1000).contains(connections) { return "1 to 1000 connections" }
        if !(1...10_000_000).contains(requests) { return "1 to 10000000 requests" }
        return path.hasPrefix("/") ? nil : "a path starts with '/'"
    }

    /// The log page, a page of events, the same for a client that has it, and readings, as people and programs ask for them.
    public static let standard = [
        HTTPLoad(name: "log-page", path: "/events", accept: "text/html"),
        HTTPLoad(name: "events", path: "/api/v1/events?limit=100", accept: "application/json"),
        HTTPLoad(
            name: "unchanged", path: "/api/v1/events?limit=100", accept: "application/json", isConditional: true),
        HTTPLoad(name: "readings", path: "/api/v1/readings?bucket=1h", accept: "application/json"),
    ]
}

/// What an ``HTTPLoad`` came to.
public struct HTTPResult: Sendable, Hashable {
    public var load: HTTPLoad
    /// From the first request to the last answer.
    public var seconds: Double
    /// Whole answers with status 200, or 304 if the load is conditional.
    public var answered: Int
    /// Whole answers with another status, by status.
    public var failures: [Int: Int]
    /// Of all answers' bodies.
    public var bodyBytes: Int
    /// From sending a request to the end of its answer. `nil` without an answer.
    public var latency: LatencySummary?
    /// Why the load ended early.
    public var fault: LoadFault?
    /// What the server's process used, if it was watched.
    public var server: ProcessUse?
    /// CPU seconds of the generator's own thread.
    public var generatorSeconds: Double

    /// Answers that count per second.
    public var rate: Double { seconds > 0 ? Double(answered) / seconds : 0 }
}

/// Puts loads on an HTTP/1.1 server, from one thread of its own.
public struct HTTPLoadGenerator: Sendable {
    public let host: String
    public let port: Int
    public let process: ProcessProbe?
    public let limits: LoadLimits

    public init(host: String, port: Int, process: ProcessProbe? = nil, limits: LoadLimits = LoadLimits()) {
        self.host = host
        self.port = port
        self.process = process
        self.limits = limits
    }

    public func run(_ load: HTTPLoad) async throws -> HTTPResult {
        if let mistake = load.mistake { throw LoadError.invalid(mistake) }
        let authority = "\(host.contains(":") ? "[\(host)]" : host):\(port)"
        return try await LoadLoop.run(to: host, port: port) { loop, address, promise in
            HTTPRun(
                load, authority: authority, at: address, on: loop, watching: process, limits: limits, promise: promise
            ).begin()
        }
    }
}
