public import DeviceProfiles
public import EventLog
public import GarageDomain
import GarageEvents
public import Logging
import MQTTBroker
import MQTTCodec
public import ServiceLifecycle
import Synchronization

/// The one pipeline from device messages and commands to the event log: publish → profile → decide → append →
/// acknowledge. It is the broker's policy, the door for commands from elsewhere, and the watch over commands under way.
public final class Ingest: Sendable {
    /// What Ingest is told at its start.
    public struct Options: Sendable {
        public var settings: GarageSettings
        /// The service's wall clock.
        public var clock: @Sendable () -> Timestamp
        /// A clock that nobody sets, in microseconds since any moment; without it nobody notices that `clock` was set.
        public var uptime: (@Sendable () -> Int64)?
        /// Lets MQTT clients in.
        public var gatekeeper: any Gatekeeper
        /// Reads what devices send.
        public var profiles: Profiles
        /// What is set about devices that do not speak the service's own convention.
        public var foreign: ForeignDevices.Settings
        /// The mapping rules of the configuration.
        public var mappings: [MappingText]
        /// Told how many messages the broker had no room for in a client's queue.
        public var onDrop: @Sendable (_ clientID: String, _ count: Int) -> Void
        /// The file with the snapshot of the journal, which may be missing; `nil` reads the whole journal at each start.
        public var snapshot: String?

        public init(
            settings: GarageSettings, clock: @escaping @Sendable () -> Timestamp,
            uptime: (@Sendable () -> Int64)? = nil, gatekeeper: any Gatekeeper,
            profiles: Profiles = .standard, foreign: ForeignDevices.Settings = ForeignDevices.Settings(),
            mappings: [MappingText] = [], snapshot: String? = nil,
            onDrop: @escaping @Sendable (_ clientID: String, _ count: Int) -> Void = { _, _ in }
        ) {
            self.onDrop = onDrop
            self.mappings = mappings
            self.snapshot = snapshot
            self.foreign = foreign
            self.profiles = profiles
            self.settings = settings
            self.clock = clock
            self.uptime = uptime
            self.gatekeeper = gatekeeper
        }
    }

    let options: Options
    let logger: Logger
    let log: EventLog
    private let pipeline: Mutex<Pipeline>
    let refusals = Mutex(RefusalBudget())
    let unmapped = Mutex(UnmappedTopics())
    let foreign: Mutex<ForeignDevices>
    let book: Mutex<MappingBook>
    let resends: Mutex<ResendBook>
    /// Whether so much waits for a failing disk that clients should not be read.
    let isCrowded = Atomic(false)
    /// Keeps the snapshot of the journal; `nil` without one.
    public let historyKeeper: HistoryKeeper?
    let homeAssistantBirths = Atomic(0)
    /// How many messages of devices have been read.
    private let reports = Atomic<UInt64>(0)
    private let sink = Mutex<(any MessageSink)?>(nil)
    /// The pipeline is made before `self` exists, so its appends reach the log through this.
    private let receiver: CompletionReceiver

    /// Reads the journal and rebuilds the state of the garage from it, then records that the service has started.
    ///
    /// Throws what reading the log throws.
    public init(log: EventLog, options: Options, logger: Logger) throws {
        self.log = log
        self.options = options
        self.logger = logger
        let receiver = CompletionReceiver()
        self.receiver = receiver
        var history =
            try options.snapshot.flatMap {
                try HistorySnapshot.read($0, for: log, mappings: options.mappings)
            } ?? History(mappings: options.mappings)
        let written = history.position
        while try history.readPage(of: log) {}
        historyKeeper = options.snapshot.map {
            HistoryKeeper(
                history, written: written, log: log, file: $0, mappings: options.mappings, logger: logger)
        }
        var devices = ForeignDevices(options.foreign)
        devices.replaceRules(history.book.rules)
        for (gate, status) in history.state.gates {
            // As a rule a device's client identifier is its user name.
            if let user = status.reporter, options.gatekeeper.isDevice(user) { devices.claim(gate, by: user) }
        }
        foreign = Mutex(devices)
        book = Mutex(history.book)
        resends = Mutex(try ResendBook(log))
        pipeline = Mutex(
            Pipeline(
                state: history.state, traces: history.traces, settings: options.settings,
                start: options.clock(), currentGeneration: { log.generation },
                append: { request, token in log.append(request, token: token, to: receiver) }))
        receiver.attach(self)
        accept(.restarted, from: .service)
    }

    /// Names the broker. Messages that fall due before are dropped, so call it before the broker's listeners open.
    public func attach(_ sink: any MessageSink) {
        self.sink.withLock { $0 = sink }
        for message in pipeline.withLock({ Announcements.all(of: $0.decided) }) { sink.post(message) }
    }

    /// The time for what comes next. Inside the lock, so that what happened before the clock was set comes before the word
    /// of it, and everything else after.
    private func readClock(for pipeline: inout Pipeline) -> Timestamp {
        var now = options.clock()
        guard let uptime = options.uptime else { return now }
        var steady = uptime()
        // If the process was halted between the two readings they do not belong together: those after it do.
        for _ in 0..<3 where pipeline.isClockSet(now, uptime: steady) { (now, steady) = (options.clock(), uptime()) }
        pipeline.compareClocks(now, uptime: steady, in: options.foreign.garage)
        return now
    }

    /// Names the topic of a message that a device reports in; `nil` if it is too long to be kept.
    func report(on topic: String, readBy reader: String) -> ReportTopic? {
        ReportTopic(topic, reader: reader, message: reports.wrappingAdd(1, ordering: .relaxed).newValue)
    }

    /// Takes an input in and appends what follows from it.
    func accept(
        _ input: Input, from origin: Origin, message: EventNumbering? = nil, report: ReportTopic? = nil,
        ticket: HoldTicket? = nil, waiter: Entry.Waiter? = nil
    ) {
        var known: (gate: Subject, actuator: GateActuator)?
        if case .commandReceived(let request) = input {
            known = actuator(of: request.gate).map { (request.gate, $0) }
        }
        perform(
            pipeline.withLock { pipeline in
                if let known { pipeline.learn(known.actuator, of: known.gate) }
                defer { isCrowded.store(pipeline.isCrowded, ordering: .relaxed) }
                let now = readClock(for: &pipeline)
                return pipeline.accept(
                    input, from: origin, message: message, at: now, report: report, ticket: ticket, waiter: waiter)
            })
    }

    /// Lets the acknowledgement of a message that comes again go once all that was taken before is on disk.
    func acceptAgain(_ message: MessageID, about subjects: [Subject], from origin: Origin, ticket: HoldTicket) {
        perform(
            pipeline.withLock { pipeline in
                let now = readClock(for: &pipeline)
                return pipeline.acceptAgain(message, about: subjects, from: origin, at: now, ticket: ticket)
            })
    }

    /// Takes in what sensors of a known model can plausibly report.
    func learn(_ limits: [Subject: SensorLimits]) {
        guard !limits.isEmpty else { return }
        pipeline.withLock { pipeline in
            for (sensor, own) in limits { pipeline.learn(own, of: sensor) }
        }
    }

    /// Decides by other settings from now on; what was decided stays so. Alerts and deadlines follow at once.
    public func replaceSettings(_ settings: GarageSettings) {
        pipeline.withLock { $0.replaceSettings(settings) }
    }

    /// What is on disk about a gate's settings, and whether it can be moved now.
    func currentControls(of gate: Subject) -> GateControls? {
        pipeline.withLock { pipeline in
            let now = readClock(for: &pipeline)
            return pipeline.controls(of: gate, at: now)
        }
    }

    /// The topics on which devices have reported since the start.
    public func deviceTopics() -> DeviceTopics { pipeline.withLock { $0.deviceTopics } }

    /// Takes the results of a commit, on the log's thread.
    func completed(_ completions: [AppendCompletion]) {
        perform(
            pipeline.withLock { pipeline in
                defer { isCrowded.store(pipeline.isCrowded, ordering: .relaxed) }
                return pipeline.complete(completions)
            })
    }

    /// Whether the disk failed and inputs wait for it, for the readiness check.
    public var waitsForStorage: Bool { pipeline.withLock { $0.waitsForStorage } }

    private func perform(_ consequences: Consequences) {
        switch consequences.storage {
        case .failed(let reason):
            logger.error("the event log can't be written; acknowledgements wait", metadata: ["reason": "\(reason)"])
        case .recovered: logger.notice("the event log takes writes again")
        case nil: break
        }
        let sink = sink.withLock { $0 }
        if !consequences.releases.isEmpty { sink?.release(consequences.releases) }
        for message in consequences.messages { sink?.post(message) }
        for (waiter, settlement) in consequences.settlements { waiter(settlement) }
        for directive in consequences.directives { carryOut(directive, with: sink) }
    }

    private func carryOut(_ directive: Directive, with sink: (any MessageSink)?) {
        switch directive {
        case .actuate(let gate, let action, let commandID, _):
            let actuator = actuator(of: gate)
            let (isDue, trace) = pipeline.withLock { pipeline in
                let now = readClock(for: &pipeline)
                if let actuator { pipeline.learn(actuator, of: gate) }
                return (
                    pipeline.beginActuation(of: gate, commandID: commandID, now: now),
                    pipeline.trace(of: commandID)
                )
            }
            guard let sink, isDue else {
                noteActuation(of: gate, commandID: commandID, receivers: 0)
                return
            }
            let message = Actuation.message(gate: gate, action: action, actuator: actuator, trace: trace)
            Task {
                self.noteActuation(of: gate, commandID: commandID, receivers: await sink.publish(message))
            }
        case .warn(let gate, let commandID, let milliseconds):
            let message = Actuation.warning(gate: gate, milliseconds: milliseconds)
            Task {
                let receivers = await sink?.publish(message) ?? 0
                self.accept(.warned(commandID: commandID, receivers: receivers), from: .service)
            }
        }
    }

    private func noteActuation(of gate: Subject, commandID: String, receivers: Int) {
        perform(
            pipeline.withLock { pipeline in
                let now = readClock(for: &pipeline)
                return pipeline.endActuation(of: gate, commandID: commandID, receivers: receivers, at: now)
            })
    }
}

// MARK: - Watching over time

extension Ingest: Service {
    /// Watches over commands under way, and tries again what a failing disk refused, until graceful shutdown; then waits
    /// for what is still on its way to the disk.
    public func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                self.watch()
                try? await Task.sleep(for: .milliseconds(250))
            }
        }
        for _ in 0..<40 where !pipeline.withLock({ $0.isIdle }) {
            try? await Task.sleep(for: .milliseconds(50))
        }
    }

    private func watch() {
        let (isDue, isStalled) = pipeline.withLock { pipeline in
            let now = readClock(for: &pipeline)
            return (pipeline.nextDeadline.map { $0 <= now } ?? false, pipeline.waitsForStorage)
        }
        if isDue { accept(.tick, from: .service) }
        guard isStalled else { return }
        perform(
            pipeline.withLock { pipeline in
                defer { isCrowded.store(pipeline.isCrowded, ordering: .relaxed) }
                return pipeline.retry()
            })
    }
}
