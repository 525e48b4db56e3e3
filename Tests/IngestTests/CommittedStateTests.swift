import EventLog
import Testing

@testable import GarageDomain
@testable import Ingest

/// What is on disk is told the same whether it is worked out at once, later, or taken from a state that ran ahead.
@Suite struct CommittedStateTests {
    private static let home = Name(nearest: "home")

    @Test(arguments: [1, 2, 3] as [UInt64])
    func isWhatEachInputInTurnWouldGive(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let settings = GarageSettings()
        var plain = GarageState()
        var decided = GarageState()
        var committed = CommittedState(GarageState())
        var inFlight: [Entry] = []
        var token: UInt64 = 0
        var now = Timestamp(microseconds: 1_700_000_000_000_000)
        for step in 0..<12_000 {
            now = now.adding(milliseconds: Int64.random(in: 0...2000, using: &random))
            token += 1
            let input = Self.input(&random)
            let decision = decided.handle(input, at: now, settings: settings)
            inFlight.append(
                Entry(token: token, input: input, origin: .service, message: nil, time: now, decision: decision))
            if inFlight.count < Int.random(in: 0...200, using: &random) { continue }
            // The log takes what waits for it, or the disk fails in the middle of it and all is decided on anew.
            let stored = random.chance(1) ? Int.random(in: 0..<inFlight.count, using: &random) : inFlight.count
            for entry in inFlight[..<stored] {
                if let input = entry.input { _ = plain.handle(input, at: entry.time, settings: settings) }
                committed.take(entry, decided: decided, through: token, settings: settings)
            }
            if stored < inFlight.count {
                committed.failed()
                decided = committed.state(settings)
            }
            inFlight = []
            guard step % 1000 < 3 else { continue }
            var copy = committed
            expectSame(copy.state(settings), plain, "seed \(seed), step \(step)")
        }
        expectSame(committed.state(settings), plain, "seed \(seed), at the end")
    }

    private func expectSame(_ left: GarageState, _ right: GarageState, _ comment: Comment) {
        #expect(left.gates == right.gates, comment)
        #expect(left.spots == right.spots, comment)
        #expect(left.sensors == right.sensors, comment)
        #expect(left.devices == right.devices, comment)
        #expect(left.alerts == right.alerts, comment)
        #expect(left.watches == right.watches, comment)
        #expect(left.heard == right.heard, comment)
        #expect(left.heardDevices == right.heardDevices, comment)
        #expect(left.devicesOfClients == right.devicesOfClients, comment)
        #expect(left.withdrawnDevices == right.withdrawnDevices, comment)
    }

    private static func input(_ random: inout SeededGenerator) -> Input {
        let number = Int.random(in: 0..<4, using: &random)
        let reporter = Reporter(clientID: "esp\(number)", hasOwnID: true, isLastWill: false)
        let name = Name(nearest: "thing\(number)")
        switch Int.random(in: 0..<400, using: &random) {
        case 0: return .observed(.gateState(Subject(garage: home, kind: .gate, name: name), .open), by: reporter)
        case 1: return .observed(.gateState(Subject(garage: home, kind: .gate, name: name), .closed), by: reporter)
        case 2:
            return .observed(
                .spot(Subject(garage: home, kind: .spot, name: name), occupied: random.chance(50)), by: reporter)
        case 3: return .clientDisconnected("esp\(number)", reason: .connectionLost)
        case 4: return .clientConnected("esp\(number)")
        case 5: return .tick
        default:
            let value = random.chance(1) ? 90 : Double(Int.random(in: 150...250, using: &random)) / 10
            return .observed(
                .reading(Subject(garage: home, kind: .sensor, name: name), .temperature, value), by: reporter)
        }
    }
}
