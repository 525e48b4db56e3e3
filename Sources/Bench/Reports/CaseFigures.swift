import MQTTCodec

/// The figures of one case against one server: of one run, or the medians of several.
public struct CaseFigures: Sendable, Hashable, Codable {
    public var name: String
    /// What ``rate`` counts, per second.
    public var counts: String
    public var rate: Double
    /// The server's CPU time for each message in or out, connection or request.
    public var cpuMicroseconds: Double?
    /// Microseconds.
    public var p50: Double?
    public var p99: Double?
    public var p999: Double?
    public var maximum: Double?
    public var residentBytesPerConnection: Double?
    /// The server's resident memory at the end.
    public var residentBytes: Double?
    /// By how much that grew, for a load with a neighbour.
    public var residentGrowth: Double?
    /// How busy the generator's one thread was, 0 to 1.
    public var generatorBusy: Double
    /// What went wrong, in words; empty if nothing did.
    public var remarks: [String]

    public init(name: String, _ result: PubSubResult) {
        self.init(
            name: name, counts: result.load.layout == .sensors ? "stored events" : "messages", rate: result.rate,
            seconds: result.seconds, generatorSeconds: result.generatorSeconds)
        cpuMicroseconds = result.brokerMicrosecondsPerMessage
        take(result.latency)
        // With a rate the generator never sleeps, so how busy it was says nothing.
        if result.load.rate != nil { generatorBusy = 0 }
        residentBytes = result.broker.map { Double($0.residentBytes) }
        if result.load.neighbour != nil { residentGrowth = result.broker.map { Double($0.residentGrowth) } }
        note(result.fault)
        if result.neighbourWasKept == false { remarks.append("the broker closed the neighbour's connection") }
        if result.lost > 0 { remarks.append("\(result.lost) of \(result.load.expectedDeliveries) deliveries lost") }
        if result.duplicates > 0 { remarks.append("\(result.duplicates) delivered again") }
        if result.reordered > 0 { remarks.append("\(result.reordered) out of order") }
        if result.foreign > 0 { remarks.append("\(result.foreign) deliveries of unknown origin") }
        let unacknowledged = result.load.publishers * result.load.messages - result.acknowledged
        if result.load.qos != .atMostOnce, unacknowledged > 0 { remarks.append("\(unacknowledged) not acknowledged") }
    }

    public init(name: String, _ result: ConnectionsResult) {
        self.init(
            name: name, counts: "connections", rate: result.rate, seconds: result.seconds,
            generatorSeconds: result.generatorSeconds)
        residentBytesPerConnection = result.residentBytesPerConnection
        residentBytes = result.broker.map { Double($0.residentBytes) }
        cpuMicroseconds = result.broker.flatMap {
            result.connected > 0 ? $0.cpuSeconds * 1_000_000 / Double(result.connected) : nil
        }
        note(result.fault)
        if result.subscribed < result.load.connections {
            remarks.append("\(result.subscribed) of \(result.load.connections) connections with their subscription")
        }
    }

    public init(name: String, _ result: SubscriptionsResult) {
        self.init(
            name: name, counts: "publishes", rate: result.rate, seconds: result.seconds,
            generatorSeconds: result.generatorSeconds)
        // With few subscriptions it would be the memory of their connections.
        if result.load.subscriptions >= 10_000 { residentBytesPerConnection = result.residentBytesPerSubscription }
        residentBytes = result.publishing.map { Double($0.residentBytes) }
        cpuMicroseconds = result.publishing.flatMap {
            result.acknowledged > 0 ? $0.cpuSeconds * 1_000_000 / Double(result.acknowledged) : nil
        }
        note(result.fault)
        if result.subscribed < result.load.subscriptions {
            remarks.append("\(result.subscribed) of \(result.load.subscriptions) subscriptions")
        }
        if result.acknowledged < result.load.publishes {
            remarks.append("\(result.acknowledged) of \(result.load.publishes) publishes acknowledged")
        }
    }

    public init(_ result: HTTPResult) {
        self.init(
            name: result.load.name, counts: "requests", rate: result.rate, seconds: result.seconds,
            generatorSeconds: result.generatorSeconds)
        cpuMicroseconds = result.server.flatMap {
            result.answered > 0 ? $0.cpuSeconds * 1_000_000 / Double(result.answered) : nil
        }
        take(result.latency)
        residentBytes = result.server.map { Double($0.residentBytes) }
        note(result.fault)
        for (status, count) in result.failures.sorted(by: { $0.key < $1.key }) {
            remarks.append("\(count) answers with status \(status)")
        }
    }

    private init(name: String, counts: String, rate: Double, seconds: Double, generatorSeconds: Double) {
        self.name = name
        self.counts = counts
        self.rate = rate
        generatorBusy = seconds > 0 ? min(1, generatorSeconds / seconds) : 0
        remarks = []
    }

    private mutating func take(_ latency: LatencySummary?) {
        p50 = latency?.p50
        p99 = latency?.p99
        p999 = latency?.p999
        maximum = latency?.maximum
    }

    private mutating func note(_ fault: LoadFault?) {
        if let fault { remarks.append(fault.description) }
    }

    /// The medians of several runs of one case; remarks of each run are kept. `nil` without a run.
    public static func median(of runs: [CaseFigures]) -> CaseFigures? {
        guard var figures = runs.first else { return nil }
        func median(_ values: [Double]) -> Double? {
            let sorted = values.sorted()
            guard !sorted.isEmpty else { return nil }
            let middle = sorted.count / 2
            return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
        }
        figures.rate = median(runs.map(\.rate)) ?? 0
        figures.cpuMicroseconds = median(runs.compactMap(\.cpuMicroseconds))
        figures.p50 = median(runs.compactMap(\.p50))
        figures.p99 = median(runs.compactMap(\.p99))
        figures.p999 = median(runs.compactMap(\.p999))
        figures.maximum = median(runs.compactMap(\.maximum))
        // Later runs find the memory of the first still in the process and seem to need none.
        figures.residentBytesPerConnection = runs.compactMap(\.residentBytesPerConnection).max()
        figures.residentGrowth = runs.compactMap(\.residentGrowth).max()
        figures.residentBytes = median(runs.compactMap(\.residentBytes))
        figures.generatorBusy = median(runs.map(\.generatorBusy)) ?? 0
        figures.remarks = runs.flatMap(\.remarks)
        return figures
    }
}
