import DeviceProfiles
import EventLog
import Synchronization
import Testing

@testable import GarageDomain
@testable import Ingest

/// Other settings while inputs are under way.
@Suite struct ReplacedSettingsTests {
    private static let start = Timestamp(microseconds: 1_700_000_000_000_000)

    /// What was sent to the log.
    private final class Log: Sendable {
        let requests = Mutex<[(token: UInt64, events: Int)]>([])
    }

    private let log = Log()

    private func pipeline(_ settings: GarageSettings = GarageSettings()) -> Pipeline {
        Pipeline(
            state: GarageState(), traces: CommandTraces(), settings: settings, start: Self.start,
            currentGeneration: { 0 },
            append: { [log] request, token in log.requests.withLock { $0.append((token, request.events.count)) } })
    }

    /// All that was sent to the log is on disk, or the disk fails.
    private func complete(_ pipeline: inout Pipeline, fails: Bool = false) {
        let sent = log.requests.withLock { requests in
            defer { requests = [] }
            return requests
        }
        var head: Int64 = 0
        _ = pipeline.complete(
            sent.map { token, events in
                let positions = (0..<Int64(events)).map { head + $0 + 1 }
                head += Int64(events)
                if fails { return AppendCompletion(token: token, result: .failure(.storage("the disk"))) }
                return AppendCompletion(token: token, result: .success(AppendReceipt(positions: positions, head: head)))
            })
    }

    private func report(_ observation: Observation, to pipeline: inout Pipeline) {
        _ = pipeline.accept(.observed(observation, by: Reporter(clientID: "esp1")), from: .service, at: Self.start)
    }

    @Test func anAlertFallsDueByTheNewSettingAtOnce() throws {
        var pipeline = pipeline()
        let gate = try #require(Subject(kind: .gate, id: "home.front"))
        report(.gateState(gate, .open), to: &pipeline)
        #expect(pipeline.nextDeadline == Self.start.adding(milliseconds: 15 * 60_000))
        var settings = GarageSettings()
        settings.everyGate.openTooLongMinutes = 2
        pipeline.replaceSettings(settings)
        #expect(pipeline.nextDeadline == Self.start.adding(milliseconds: 2 * 60_000))
    }

    @Test func whatDevicesHaveShownThemselvesToBeStaysKnown() throws {
        var pipeline = pipeline()
        let gate = try #require(Subject(kind: .gate, id: "home.front"))
        _ = pipeline.accept(.clientConnected("esp1"), from: .service, at: Self.start)
        report(.gateState(gate, .open), to: &pipeline)
        complete(&pipeline)
        func hindrances() -> [GateAction: CommandRejected.Reason]? {
            pipeline.controls(of: gate, at: Self.start)?.hindrances
        }
        let before = hindrances()
        var actuator = GateActuator()
        actuator.blackoutSeconds = 11
        pipeline.learn(actuator, of: gate)
        let learned = hindrances()
        pipeline.replaceSettings(GarageSettings())
        #expect(learned != before && hindrances() == learned)
    }

    /// Otherwise what is worked out later from the disk would not be what was decided.
    @Test func whatWasDecidedByTheOldSettingsStaysSo() throws {
        var pipeline = pipeline()
        let sensor = try #require(Subject(kind: .sensor, id: "home.dht1"))
        for value in [24.0, 24, 24, 24, 24, -12] { report(.reading(sensor, .temperature, value), to: &pipeline) }
        var settings = GarageSettings()
        settings.quality.judgesJumps = false
        pipeline.replaceSettings(settings)
        complete(&pipeline)
        report(.reading(sensor, .temperature, 24.5), to: &pipeline)
        let decided = pipeline.decided.sensors
        complete(&pipeline, fails: true)
        _ = pipeline.retry()
        #expect(pipeline.decided.sensors == decided)
    }
}
