import NIOCore

/// Puts loads on an MQTT broker, from one thread of its own, and says what came of them.
///
/// A load that can't be finished is no error: its result says what was delivered until then, and what went wrong.
public struct LoadGenerator: Sendable {
    public let broker: BrokerAddress
    /// The broker's process; its CPU time and memory are then part of the results.
    public let process: ProcessProbe?
    public let limits: LoadLimits

    public init(broker: BrokerAddress, process: ProcessProbe? = nil, limits: LoadLimits = LoadLimits()) {
        self.broker = broker
        self.process = process
        self.limits = limits
    }

    public func run(_ load: PubSubLoad) async throws -> PubSubResult {
        if let mistake = load.mistake { throw LoadError.invalid(mistake) }
        OpenFiles.allow(load.publishers + load.subscribers + 256)
        guard let neighbour = load.neighbour else { return try await messages(load) }
        let before = process?.sample()
        let clients: NeighbourClients
        do { clients = try await NeighbourClients.start(neighbour, to: broker) } catch {
            throw LoadError.unreachable(host: broker.host, port: broker.port, reason: "\(error)")
        }
        var result = try await messages(load)
        result.neighbourWasKept = await clients.stop()
        if let before, let growth = process?.sample().map({ before.use(until: $0).residentGrowth }) {
            result.broker?.residentGrowth = growth
        }
        return result
    }

    private func messages(_ load: PubSubLoad) async throws -> PubSubResult {
        try await LoadLoop.run(to: broker.host, port: broker.port) { loop, address, promise in
            let run = try PubSubRun(
                load, to: broker, at: address, on: loop, watching: process, limits: limits, promise: promise)
            run.begin()
        }
    }

    public func run(_ load: SubscriptionsLoad) async throws -> SubscriptionsResult {
        if let mistake = load.mistake { throw LoadError.invalid(mistake) }
        return try await LoadLoop.run(to: broker.host, port: broker.port) { loop, address, promise in
            // The loop has nothing else to do.
            promise.succeed(
                try SubscriptionsRun(load, to: broker, at: address, watching: process, limits: limits).run())
        }
    }

    public func run(_ load: ConnectionsLoad) async throws -> ConnectionsResult {
        if let mistake = load.mistake { throw LoadError.invalid(mistake) }
        return try await LoadLoop.run(to: broker.host, port: broker.port) { loop, address, promise in
            // The loop has nothing else to do.
            promise.succeed(
                try ConnectionsRun(load, to: broker, at: address, watching: process, limits: limits).run())
        }
    }
}
