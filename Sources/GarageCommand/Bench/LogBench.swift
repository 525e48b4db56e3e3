import EventLog
import Foundation
import GarageEvents
import Synchronization

/// Appends readings through the event log alone, as fast as it takes them, the way the service does: one producing thread,
/// to which each commit's results come in one hop.
final class LogBench: AppendCompletions {
    private struct State {
        var left: Int
        var unanswered = 0
        var numbers: [Int]
        var failure: AppendError?
    }

    private let log: EventLog
    private let names: [(stream: String, client: String)]
    private let thread = DispatchQueue(label: "producer")
    private let state: Mutex<State>
    private let done = DispatchSemaphore(value: 0)

    private init(log: EventLog, producers: Int, events: Int) {
        self.log = log
        names = (0..<producers).map { ("sensor/bench.s\($0)", "s\($0)") }
        state = Mutex(State(left: events, numbers: Array(repeating: 0, count: producers)))
    }

    /// Appends `events` readings from `producers` sensors, each with at most `window` unacknowledged. Returns how many a
    /// second were acknowledged.
    static func append(_ events: Int, producers: Int, window: Int, to log: EventLog) throws -> Double {
        let bench = LogBench(log: log, producers: producers, events: events)
        let start = ContinuousClock.now
        bench.thread.sync {
            for producer in 0..<producers { for _ in 0..<window { bench.append(producer) } }
        }
        if events > 0 { bench.done.wait() }
        if let failure = bench.state.withLock({ $0.failure }) { throw failure }
        return Double(events) / (ContinuousClock.now - start).inSeconds
    }

    func completed(_ completions: [AppendCompletion]) {
        thread.async {
            for completion in completions {
                let isLast = self.state.withLock { state in
                    state.unanswered -= 1
                    if case .failure(let error) = completion.result {
                        state.failure = error
                        state.left = 0
                    }
                    return state.left == 0 && state.unanswered == 0
                }
                if isLast { self.done.signal() } else { self.append(Int(completion.token)) }
            }
        }
    }

    private func append(_ producer: Int) {
        let number: Int? = state.withLock { state in
            guard state.left > 0 else { return nil }
            state.left -= 1
            state.unanswered += 1
            state.numbers[producer] += 1
            return state.numbers[producer]
        }
        guard let number else { return }
        let now = WallClock.microseconds()
        let event = NewEvent(
            id: .make(at: now), stream: names[producer].stream, chain: .telemetry, type: "sensor.reading-recorded",
            schema: 1, time: now,
            metadata: EventMetadata(actor: "bench", channel: "device", clientID: names[producer].client),
            data: Array("{\"quantity\":\"temperature\",\"value\":\(15 + number % 200 / 10).\(number % 10)}".utf8))
        log.append(AppendRequest(events: [event]), token: UInt64(producer), to: self)
    }

    /// Reads the whole log in pages and decodes each event. Returns how many a second.
    static func replay(_ log: EventLog) throws -> Double {
        var position: Int64 = 0
        var decoded = 0
        let start = ContinuousClock.now
        while let last = try log.read(after: position, limit: 10_000).reduce(
            into: Int64?.none,
            { last, event in
                if EventCoding.decode(event) != nil { decoded += 1 }
                last = event.position
            })
        {
            position = last
        }
        return Double(decoded) / (ContinuousClock.now - start).inSeconds
    }
}

extension Duration {
    fileprivate var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}
