public import GarageDomain

/// A garage that lives by itself: cars come and go with the hour of the day, gates open for them, spots fill and
/// empty, and the weather changes. A pure value: seed and time in, messages of the devices out.
public struct GarageModel: Sendable {
    /// Something that the model does by itself at a certain time.
    enum Occurrence: Sendable {
        case carArrives
        case driverPresses(gate: Int)
        case carReaches(gate: Int, car: Car)
        case carPasses(gate: Int)
        case carParks(spot: Int)
        case carLeaves(spot: Int)
        case gateWakes(Int)
        case sensorReports(Int)
        case deviceRepeats(Int)
        case connectionDrops
        case unmappedFloods
    }

    /// The devices, in the order of the indices that messages carry.
    public var devices: [SimulatedDevice] { roster.devices }

    /// Times of the model stay so far inside the range of a timestamp that they can always be added to: two events
    /// that are clamped to the same last moment would follow each other for ever.
    private static let latestStart: Int64 = 4_000_000_000_000_000_000
    private static let latestEnd: Int64 = 8_000_000_000_000_000_000

    let settings: ModelSettings
    let roster: Roster
    let start: Timestamp
    let climate: Climate
    var now: Timestamp
    var queue = EventQueue<Occurrence>()
    var traffic: SeededRandom
    var reporting: SeededRandom
    var trouble: SeededRandom
    var lanes: [Lane]
    var spots: [Spot]
    /// How many load messages each sensor has sent.
    var loadMessages: [Int]
    private var outbox: [DeviceEffect] = []

    /// A garage as it stands at `start`, with some cars in it and every gate closed.
    ///
    /// Numbers outside the ranges of `ModelSettings` are brought inside them.
    public init(_ settings: ModelSettings, startingAt start: Timestamp) {
        let settings = settings.clamped()
        let start = start.clamped(to: GarageModel.latestStart)
        self.settings = settings
        self.start = start
        now = start
        roster = Roster(
            garage: settings.garage, gates: settings.gates, spots: settings.spots, sensors: settings.sensors)
        climate = Climate(seed: SeededRandom.mix(settings.seed, 0))
        traffic = SeededRandom(seed: settings.seed, stream: 1)
        reporting = SeededRandom(seed: settings.seed, stream: 2)
        trouble = SeededRandom(seed: settings.seed, stream: 3)
        lanes = []
        spots = Array(repeating: .free, count: settings.spots)
        loadMessages = settings.rate == nil ? [] : Array(repeating: 0, count: settings.sensors)
        for _ in 0..<settings.gates {
            lanes.append(Lane(gate: SimulatedGate(travel: traffic.integer(in: 13_000...15_000)), heldUntil: start))
        }
        settleCars()
        scheduleReports()
        scheduleTrouble()
    }

    /// When the model does something by itself next; `nil` if it never does.
    public var nextEvent: Timestamp? { queue.nextTime }

    /// Lets time pass until `time`, and returns what the devices did meanwhile. Nothing happens if `time` is past.
    public mutating func advance(to time: Timestamp) -> [DeviceEffect] {
        run(to: time)
        return takeOutbox()
    }

    /// A gate's device receives an actuate message at `time`. A gate that has nothing to do reports its state again.
    public mutating func actuate(gate: Int, _ action: GateAction, at time: Timestamp) -> [DeviceEffect] {
        run(to: time)
        if lanes.indices.contains(gate) { obey(action, gate: gate) }
        return takeOutbox()
    }

    /// What a device says when it has connected: that it is online, and the state of all that hangs on it.
    public mutating func announcement(ofDevice index: Int) -> [DeviceMessage] {
        guard devices.indices.contains(index) else { return [] }
        let online = DeviceMessage(
            device: index, topic: devices[index].statusTopic, payload: Array("online".utf8), retain: true)
        return [online] + presentStates(ofDevice: index)
    }

    mutating func emit(_ effect: DeviceEffect) { outbox.append(effect) }

    mutating func schedule(_ occurrence: Occurrence, after milliseconds: Int64) {
        queue.insert(occurrence, at: now.adding(milliseconds: milliseconds))
    }

    /// The local time of the simulated day at `time`, in milliseconds since 1970.
    func clock(at time: Timestamp) -> Int64 {
        let elapsed = Double(time.milliseconds(since: start)) * settings.speed
        let passed = elapsed < 4e18 ? Int64(elapsed) : 4_000_000_000_000_000_000
        return start.microseconds / 1000 &+ settings.utcOffset &+ passed
    }

    /// Real milliseconds in which this many milliseconds of the simulated day pass.
    func real(_ milliseconds: Int64) -> Int64 { Int64(Double(milliseconds) / settings.speed) }

    private mutating func takeOutbox() -> [DeviceEffect] {
        defer { outbox = [] }
        return outbox
    }

    private mutating func run(to time: Timestamp) {
        let time = time.clamped(to: GarageModel.latestEnd)
        while let (due, occurrence) = queue.next(until: time) {
            now = max(now, due)
            perform(occurrence)
        }
        now = max(now, time)
    }

    private mutating func perform(_ occurrence: Occurrence) {
        switch occurrence {
        case .carArrives: carArrives()
        case .driverPresses(let gate): driverPresses(gate: gate)
        case .carReaches(let gate, let car): carReaches(gate: gate, car)
        case .carPasses(let gate): carPasses(gate: gate)
        case .carParks(let spot): carParks(spot: spot)
        case .carLeaves(let spot): carLeaves(spot: spot)
        case .gateWakes(let gate): gateWakes(gate)
        case .sensorReports(let sensor): sensorReports(sensor)
        case .deviceRepeats(let device): deviceRepeats(device)
        case .connectionDrops: connectionDrops()
        case .unmappedFloods: unmappedFloods()
        }
    }
}

extension Timestamp {
    fileprivate func clamped(to limit: Int64) -> Timestamp {
        Timestamp(microseconds: min(max(microseconds, -limit), limit))
    }
}

extension ModelSettings {
    fileprivate func clamped() -> ModelSettings {
        var copy = self
        copy.gates = min(max(gates, 0), 1000)
        copy.spots = min(max(spots, 0), 100_000)
        copy.sensors = min(max(sensors, 0), 1_000_000)
        copy.speed = speed.isFinite ? min(max(speed, 0.01), 10_000) : 1
        copy.reportInterval = min(max(reportInterval, 100), 86_400_000)
        copy.rate = rate.flatMap { $0.isFinite ? min(max($0, 0.001), 10_000_000) : nil }
        copy.utcOffset = min(max(utcOffset, -86_400_000), 86_400_000)
        return copy
    }
}
