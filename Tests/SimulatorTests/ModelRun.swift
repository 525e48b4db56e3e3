import GarageDomain
import Simulator

/// A model run through virtual time, one event after the other.
struct ModelRun {
    struct Entry: Hashable {
        var time: Timestamp
        var effect: DeviceEffect

        var message: DeviceMessage? {
            if case .publish(let message) = effect { message } else { nil }
        }
    }

    /// Monday, 2024-01-01T00:00:00Z.
    static let monday = Timestamp(microseconds: 1_704_067_200_000_000)
    static let hour: Int64 = 3_600_000

    var model: GarageModel
    private(set) var entries: [Entry] = []

    init(_ settings: ModelSettings = ModelSettings(), startingAt start: Timestamp = ModelRun.monday) {
        model = GarageModel(settings, startingAt: start)
    }

    var messages: [DeviceMessage] { entries.compactMap(\.message) }

    mutating func advance(to end: Timestamp) {
        while let next = model.nextEvent, next <= end {
            entries += model.advance(to: next).map { Entry(time: next, effect: $0) }
        }
        entries += model.advance(to: end).map { Entry(time: end, effect: $0) }
    }

    mutating func actuate(gate: Int, _ action: GateAction, at time: Timestamp) {
        advance(to: time)
        entries += model.actuate(gate: gate, action, at: time).map { Entry(time: time, effect: $0) }
    }

    static func after(_ milliseconds: Int64) -> Timestamp { monday.adding(milliseconds: milliseconds) }

    static func entries(_ settings: ModelSettings, hours: Int64) -> [Entry] {
        var run = ModelRun(settings)
        run.advance(to: after(hours * hour))
        return run.entries
    }
}

extension [ModelRun.Entry] {
    /// The changes of one topic's payload, without repetitions.
    func changes(of topic: String) -> [(time: Timestamp, text: String)] {
        var changes: [(time: Timestamp, text: String)] = []
        for entry in self {
            guard let message = entry.message, message.topic == topic, message.text != changes.last?.text else {
                continue
            }
            changes.append((entry.time, message.text))
        }
        return changes
    }

    /// An FNV-1a hash over times, topics, payloads and flags.
    var digest: UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        func add(_ bytes: some Sequence<UInt8>) {
            for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        }
        for entry in self {
            add("\(entry.time.microseconds)".utf8)
            switch entry.effect {
            case .publish(let message):
                add("\(message.device) \(message.topic) \(message.retain) \(message.isAcknowledged)".utf8)
                add(message.payload)
            case .dropConnection(let device): add("drop \(device)".utf8)
            }
        }
        return hash
    }
}
