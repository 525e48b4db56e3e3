import EventLog
import GarageDomain
import Synchronization
import Testing

@testable import Ingest

/// In which order the log gets what comes while the disk fails.
@Suite struct PipelineOrderTests {
    private final class Log: Sendable {
        let requests = Mutex<[(token: UInt64, request: AppendRequest)]>([])

        /// The data of the readings that were sent since the last call, and their tokens.
        func take() -> (tokens: [UInt64], readings: [String]) {
            let taken = requests.withLock { requests in
                defer { requests = [] }
                return requests
            }
            let readings = taken.flatMap(\.request.events).filter { $0.type == "sensor.reading-recorded" }
            return (taken.map(\.token), readings.map { String(decoding: $0.data, as: UTF8.self) })
        }
    }

    @Test func whatWasUnderWayComesBeforeWhatCameAfterTheFailure() throws {
        let log = Log()
        let now = Timestamp(microseconds: 1_700_000_000_000_000)
        var pipeline = Pipeline(
            state: GarageState(), traces: CommandTraces(), settings: GarageSettings(), start: now,
            currentGeneration: { 0 },
            append: { request, token in log.requests.withLock { $0.append((token, request)) } })
        let sensor = try #require(Subject(kind: .sensor, id: "home.dht1"))
        func report(_ value: Double) {
            let reading = Observation.reading(sensor, .temperature, value)
            _ = pipeline.accept(.observed(reading, by: Reporter(clientID: "esp1")), from: .service, at: now)
        }
        for value in [1.0, 2, 3] { report(value) }
        let (tokens, sent) = log.take()
        #expect(sent.count == 3)
        let failure = AppendError.storage("the disk")
        _ = pipeline.complete([AppendCompletion(token: tokens[0], result: .failure(failure))])
        report(4)
        _ = pipeline.complete(tokens.dropFirst().map { AppendCompletion(token: $0, result: .failure(failure)) })
        report(5)
        _ = pipeline.retry()
        let again = log.take()
        #expect(Array(again.readings.prefix(3)) == sent)
        #expect(again.readings.count == 5)
        // Once more, with those that wait already behind those that come back.
        _ = pipeline.complete([AppendCompletion(token: again.tokens[0], result: .failure(failure))])
        report(6)
        _ = pipeline.complete(again.tokens.dropFirst().map { AppendCompletion(token: $0, result: .failure(failure)) })
        _ = pipeline.retry()
        #expect(Array(log.take().readings.prefix(5)) == again.readings)
    }
}
