import EventLog
import Foundation
import GarageDomain
import Hummingbird
import HummingbirdTesting
import Testing

@testable import Web

@Suite struct ReadingEndpointTests {
    private func fill(_ garage: APIGarage) async throws {
        for number in 0..<6 {
            let seconds = Double(number) * 30
            try await garage.append(
                "sensor/home.dht1", .readingRecorded(Reading(quantity: .temperature, value: Double(number) - 2)),
                at: seconds,
                device: "esp1")
            try await garage.append(
                "sensor/home.dht2", .readingRecorded(Reading(quantity: .humidity, value: 50)), at: seconds,
                device: "esp1")
        }
    }

    private func readings(_ garage: APIGarage, _ uri: String) async throws -> [[String: Any]] {
        try #require(try await garage.json(uri)["readings"] as? [[String: Any]])
    }

    @Test func rawReadings() async throws {
        try await APIGarage.with { garage in
            try await fill(garage)
            let answer = try await garage.json("/api/v1/sensors/home.dht1/readings")
            #expect(answer["bucket"] as? String == "raw")
            #expect(answer["next"] is NSNull)
            let found = try #require(answer["readings"] as? [[String: Any]])
            #expect(found.compactMap { $0["value"] as? Double } == [-2, -1, 0, 1, 2, 3])
            #expect(Set(found[0].keys) == ["sensor", "quantity", "unit", "time", "value"])
            #expect(found[0]["sensor"] as? String == "home.dht1")
            #expect(found[0]["quantity"] as? String == "temperature")
            #expect(found[0]["unit"] as? String == "celsius")
            #expect(found[0]["time"] as? String == "2023-11-14T22:13:20.000000Z")
            let part = "from=2023-11-14T22:13:50Z&to=2023-11-14T22:14:50Z"
            #expect(try await readings(garage, "/api/v1/sensors/dht1/readings?\(part)").count == 2)
            #expect(try await readings(garage, "/api/v1/sensors/dht1/readings?quantity=humidity").isEmpty)
            let newest = try await readings(garage, "/api/v1/sensors/dht1/readings?order=desc&limit=1")
            #expect(newest.compactMap { $0["value"] as? Double } == [3])
        }
    }

    @Test func readingsOfAllSensors() async throws {
        try await APIGarage.with { garage in
            try await fill(garage)
            #expect(try await readings(garage, "/api/v1/readings").count == 12)
            #expect(try await readings(garage, "/api/v1/readings?sensor=dht2").count == 6)
            #expect(try await readings(garage, "/api/v1/readings?quantity=temperature").count == 6)
            try expectProblem(try await garage.get("/api/v1/readings?sensor=dht3"), .badRequest, "invalid-parameter")
        }
    }

    @Test func bucketsAndTheirAggregates() async throws {
        try await APIGarage.with { garage in
            try await fill(garage)
            // The readings begin 20 s after a full minute.
            let found = try await readings(garage, "/api/v1/sensors/dht1/readings?bucket=1m")
            #expect(found.compactMap { $0["time"] as? String }.first == "2023-11-14T22:13:00.000000Z")
            #expect(found.compactMap { $0["avg"] as? Double } == [-1.5, 0.5, 2.5])
            #expect(found.compactMap { $0["min"] as? Double } == [-2, 0, 2])
            #expect(found.compactMap { $0["max"] as? Double } == [-1, 1, 3])
            #expect(found.compactMap { $0["count"] as? Int } == [2, 2, 2])
            let some = try await readings(garage, "/api/v1/sensors/dht1/readings?bucket=1d&agg=max,count")
            #expect(some.count == 1)
            #expect(Set(some[0].keys) == ["sensor", "quantity", "unit", "time", "max", "count"])
            for bucket in ["5m", "15m", "1h", "1d"] {
                let counts = try await readings(garage, "/api/v1/readings?bucket=\(bucket)").compactMap {
                    $0["count"] as? Int
                }
                #expect(counts.reduce(0, +) == 12)
            }
        }
    }

    @Test(arguments: ["raw", "1m", "auto"])
    func pagesFollowTheLink(bucket: String) async throws {
        try await APIGarage.with { garage in
            try await fill(garage)
            let whole = try await readings(garage, "/api/v1/readings?bucket=\(bucket)")
            var uri: String? = "/api/v1/readings?bucket=\(bucket)&limit=5"
            var times: [String] = []
            var values: [Double] = []
            while let address = uri {
                let response = try await garage.get(address)
                let answer = try object(response)
                let page = try #require(answer["readings"] as? [[String: Any]])
                #expect(page.count <= 5)
                times += page.compactMap { $0["time"] as? String }
                values += page.compactMap { ($0["value"] ?? $0["avg"]) as? Double }
                uri = answer["next"] as? String
                let links = [("next", uri), ("prev", answer["prev"] as? String)].compactMap { name, path in
                    path.map { "<\($0)>; rel=\"\(name)\"" }
                }
                #expect(response.headers[named: "Link"] == (links.isEmpty ? nil : links.joined(separator: ", ")))
            }
            #expect(times == whole.compactMap { $0["time"] as? String })
            #expect(values == whole.compactMap { ($0["value"] ?? $0["avg"]) as? Double })
        }
    }

    @Test(arguments: ["raw", "1m"], ["asc", "desc"])
    func thePageBeforeIsThePageThatWasLeft(bucket: String, order: String) async throws {
        try await APIGarage.with { garage in
            try await fill(garage)
            var pages: [[String]] = []
            var (uri, last): (String?, [String: Any]) = (
                "/api/v1/readings?bucket=\(bucket)&order=\(order)&limit=5", [:]
            )
            func times(_ answer: [String: Any]) throws -> [String] {
                try #require(answer["readings"] as? [[String: Any]]).map {
                    "\($0["quantity"] ?? "") \($0["time"] ?? "")"
                }
            }
            while let address = uri {
                last = try object(try await garage.get(address))
                pages.append(try times(last))
                uri = last["next"] as? String
            }
            #expect(pages.count > 1)
            // Back from the last page, and from the one before forward again.
            for expected in pages.dropLast().reversed() {
                let before = try object(try await garage.get(try #require(last["prev"] as? String)))
                #expect(try times(before) == expected)
                let again = try object(try await garage.get(try #require(before["next"] as? String)))
                #expect(try times(again) == (try times(last)))
                last = before
            }
            #expect(last["prev"] is NSNull)
        }
    }

    @Test func commaSeparatedValues() async throws {
        try await APIGarage.with { garage in
            try await fill(garage)
            let raw = try await garage.get("/api/v1/sensors/dht1/readings.csv")
            #expect(raw.headers[.contentType]?.hasPrefix("text/csv") == true)
            #expect(raw.headers[.contentDisposition] == "attachment; filename=\"home.dht1.csv\"")
            let lines = text(raw).components(separatedBy: "\r\n")
            #expect(lines.count == 8)
            #expect(lines[0] == "sensor,quantity,unit,time,value")
            // A negative number is a number, not a formula.
            #expect(lines[1] == "home.dht1,temperature,celsius,2023-11-14T22:13:20.000000Z,-2.0")
            let buckets = try await garage.get("/api/v1/readings.csv?bucket=1d&quantity=temperature&agg=avg,count")
            #expect(
                text(buckets)
                    == "sensor,quantity,unit,time,avg,count\r\nhome.dht1,temperature,celsius,2023-11-14T00:00:00.000000Z,0.5,6\r\n"
            )
        }
    }

    @Test(arguments: [
        "bucket=2m", "agg=median", "quantity=light", "order=up", "limit=10001", "from=now", "cursor=x", "cursor=1.2.3",
        "colour=green",
    ])
    func wrongParametersAreNamed(query: String) async throws {
        try await APIGarage.with { garage in
            try await fill(garage)
            for path in ["/api/v1/readings", "/api/v1/sensors/home.dht1/readings"] {
                let response = try await garage.get("\(path)?\(query)")
                try expectProblem(response, .badRequest, "invalid-parameter")
                #expect(text(response).contains(String(query.prefix { $0 != "=" })))
            }
            try expectProblem(
                try await garage.get("/api/v1/readings.csv?colour=green"), .badRequest, "invalid-parameter")
        }
    }

    @Test func anUnknownSensorIsNotFound() async throws {
        try await APIGarage.with { garage in
            try await fill(garage)
            for path in ["home.none/readings", "none/readings.csv", "a.b.c/readings"] {
                try expectProblem(try await garage.get("/api/v1/sensors/\(path)"), .notFound, "not-found")
            }
        }
    }
}
