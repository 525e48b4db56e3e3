import EventLog
import Foundation
import GarageDomain
import Hummingbird
import HummingbirdTesting
import Ingest
import Synchronization
import Testing

@testable import Web

@Suite struct HistoryEndpointTests {
    @Test func theTimelineTellsStatesAndHowLongTheyLasted() async throws {
        try await APIGarage.with { garage in
            try await garage.append("gate/home.front", .gateMoved(GateMoved(from: nil, to: .closed)), at: 0)
            try await garage.append(
                "gate/home.front", .gateMoved(GateMoved(from: .closed, to: .opening)), at: 10, device: "esp1")
            try await garage.append(
                "gate/home.front", .gateMoved(GateMoved(from: .opening, to: .open)), at: 24, device: "esp1")
            let answer = try await garage.json("/api/v1/gates/front/timeline")
            let spans = try #require(answer["spans"] as? [[String: Any]])
            #expect(spans.map { $0["state"] as? String } == ["closed", "opening", "open"])
            #expect(spans.map { $0["duration_ms"] as? Int } == [10_000, 14_000, nil])
            #expect(spans.last?["actor"] as? String == "esp1")
            try expectProblem(
                try await garage.get(
                    "/api/v1/gates/front/timeline?from=2024-01-02T00:00:00Z&to=2024-01-01T00:00:00Z"),
                .badRequest, "invalid-parameter")
        }
    }

    @Test func staysComeInPagesNewestFirst() async throws {
        try await APIGarage.with { garage in
            for number in 0..<5 {
                let time = Double(number * 10)
                try await garage.append("spot/home.A1", .spotChanged(SpotChanged(occupied: true)), at: time)
                try await garage.append("spot/home.A1", .spotChanged(SpotChanged(occupied: false)), at: time + 4)
            }
            var path: String? = "/api/v1/spots/A1/sessions?limit=2"
            var positions: [Int] = []
            while let next = path {
                let answer = try await garage.json(next)
                let stays = try #require(answer["sessions"] as? [[String: Any]])
                positions += stays.compactMap { $0["arrival_position"] as? Int }
                #expect(stays.allSatisfy { $0["duration_ms"] as? Int == 4000 })
                path = answer["next"] as? String
            }
            #expect(positions == [9, 7, 5, 3, 1])
        }
    }

    /// The start, 22:13 UTC, is 19:13 of a Tuesday in São Paulo.
    @Test func occupancyIsByTheSitesHours() async throws {
        try await APIGarage.with { garage in
            try await garage.append("spot/home.A1", .spotChanged(SpotChanged(occupied: true)), at: 0)
            try await garage.append("spot/home.A1", .spotChanged(SpotChanged(occupied: false)), at: 30)
            let answer = try await garage.json("/api/v1/occupancy?to=2023-11-14T22:14:20Z")
            let hours = try #require(answer["by_hour"] as? [[Any]])
            #expect(hours[1][19] as? Double == 0.5)
            #expect(hours[1][22] is NSNull)
            #expect(answer["occupancy"] as? Double == 0.5)
            #expect(answer["arrivals"] as? Int == 1)
            #expect(answer["completed_stays"] as? Int == 1)
            #expect(answer["mean_stay_ms"] as? Int == 30_000)
            #expect(answer["available_spot_number"] as? Int == 1)
        }
    }

    @Test func anEventLeadsToItsNeighbours() async throws {
        try await APIGarage.with { garage in
            for number in 0..<3 { try await garage.append("gate/home.front", .gateObstructed, at: Double(number)) }
            let answer = try await garage.json("/api/v1/events/2/related")
            func sequences(_ name: String) -> [String] {
                (answer[name] as? [[String: Any]] ?? []).compactMap { $0["sequence"] as? String }
            }
            #expect(sequences("before") == ["1"])
            #expect(sequences("related") == ["2"])
            #expect(sequences("after") == ["3"])
            try expectProblem(try await garage.get("/api/v1/events/9/related"), .notFound)
        }
    }

    /// The same bytes until the next event, and not a moment longer.
    @Test func aListThatIsAskedForTwiceIsTheSameUntilSomethingHappens() async throws {
        try await APIGarage.with { garage in
            try await garage.append("gate/home.front", .gateObstructed, at: 0)
            let path = "/api/v1/events?kind=gate&limit=5"
            let first = try await garage.get(path)
            let second = try await garage.get(path)
            #expect(first.body == second.body && first.headers == second.headers)
            let other = try await garage.get("/api/v1/events?kind=spot&limit=5")
            #expect(other.body != first.body)
            try await garage.append("gate/home.front", .gateObstructionCleared, at: 1)
            let third = try await garage.get(path)
            #expect(third.headers[.eTag] != first.headers[.eTag])
            #expect(text(third).contains("gate.obstruction-cleared"))
            // A hundred other questions push it out without harm.
            for number in 1...100 { _ = try await garage.get("/api/v1/events?limit=\(number)") }
            #expect(try await garage.get(path).body == third.body)
        }
    }

    @Test func theLatestReadingTellsItsQuality() async throws {
        try await APIGarage.with { garage in
            try await garage.fill()
            func qualities() async throws -> [String?] {
                let answer = try await garage.json("/api/v1/sensors/dht1/latest")
                return (answer["latest"] as? [[String: Any]] ?? [])
                    .sorted { ($0["quantity"] as? String ?? "") < ($1["quantity"] as? String ?? "") }
                    .map { $0["quality"] as? String }
            }
            #expect(try await qualities() == ["good", "good"])
            try await garage.append(
                "sensor/home.dht1", .faultDetected(SensorFault(quantity: .humidity, kind: .null, raw: "null")), at: 12,
                device: "esp1")
            #expect(try await qualities() == ["fault", "good"])
        }
    }

    @Test func aStreamIsReadForwardsAndBackwards() async throws {
        try await APIGarage.with { garage in
            for number in 0..<7 { try await garage.append("gate/home.front", .gateObstructed, at: Double(number)) }
            try await garage.append("spot/home.A1", .spotChanged(SpotChanged(occupied: true)), at: 8)
            var forwards: [[String]] = []
            var backwards: [[String]] = []
            func page(_ answer: [String: Any]) -> [String] {
                (answer["events"] as? [[String: Any]] ?? []).compactMap { $0["sequence"] as? String }
            }
            var path: String? = "/api/v1/streams/gate/front/events?limit=3"
            var last: String?
            while let next = path {
                let answer = try await garage.json(next)
                forwards.append(page(answer))
                (path, last) = (answer["next"] as? String, answer["prev"] as? String)
            }
            #expect(forwards == [["1", "2", "3"], ["4", "5", "6"], ["7"]])
            // What comes in between does not shift the pages.
            try await garage.append("gate/home.front", .gateObstructed, at: 9)
            while let previous = last {
                let response = try await garage.get(previous)
                #expect(response.headers[named: "Link"]?.contains("rel=\"next\"") == true)
                let answer = try object(response)
                backwards.append(page(answer))
                last = answer["prev"] as? String
            }
            #expect(backwards == [["4", "5", "6"], ["1", "2", "3"]])
            try expectProblem(try await garage.get("/api/v1/streams/gate/none/events"), .notFound)
            try expectProblem(try await garage.get("/api/v1/streams/boat/front/events"), .notFound)
        }
    }

    @Test func aNoteWithTheSameKeyIsWrittenOnce() async throws {
        try await APIGarage.with { garage in
            try await garage.fill()
            let key = try #require(HTTPFields.Element.Name("Idempotency-Key"))
            let body = #"{"text":"Greased","subject":"gate/front"}"#
            let first = try await garage.post("/api/v1/events", body, [key: "k1"])
            let second = try await garage.post("/api/v1/events", body, [key: "\"k1\""])
            #expect(first.status == .created && second.status == .created)
            #expect(first.headers[.location] == second.headers[.location])
            try expectProblem(
                try await garage.post("/api/v1/events", #"{"text":"Other","subject":"gate/front"}"#, [key: "k1"]),
                .unprocessableContent, "id-reused")
            let third = try await garage.post("/api/v1/events", body, [key: "k2"])
            #expect(third.headers[.location] != first.headers[.location])
            // A write that failed may be tried again.
            garage.door.state.withLock { $0.error = .storage("full") }
            try expectProblem(
                try await garage.post("/api/v1/events", body, [key: "k3"]), .serviceUnavailable, "not-stored")
            garage.door.state.withLock { $0.error = nil }
            #expect(try await garage.post("/api/v1/events", body, [key: "k3"]).status == .created)
        }
    }
}
