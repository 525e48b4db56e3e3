import EventLog
import Foundation
import GarageDomain
import Hummingbird
import HummingbirdTesting
import Testing
import Views

@testable import Web

@Suite struct EventListTests {
    private func sequences(_ answer: [String: Any]) throws -> [String] {
        let events = try #require(answer["events"] as? [[String: Any]])
        return events.compactMap { $0["sequence"] as? String }
    }

    @Test func eventsAreCloudEvents() async throws {
        try await APIGarage.with { garage in
            try await garage.append(
                "gate/home.front", .gateMoved(GateMoved(from: .closed, to: .opening, commandID: "c1")), at: 1.25,
                device: "esp1")
            let answer = try await garage.json("/api/v1/events")
            let event = try #require((answer["events"] as? [[String: Any]])?.first)
            #expect(event["specversion"] as? String == "1.0")
            #expect(event["source"] as? String == "/garages/home")
            #expect(event["subject"] as? String == "gate/home.front")
            #expect(event["type"] as? String == "gate.opening")
            #expect(event["time"] as? String == "2023-11-14T22:13:21.250000Z")
            #expect(event["recordedtime"] as? String == "2023-11-14T22:13:20.000000Z")
            #expect(event["datacontenttype"] as? String == "application/json")
            #expect(event["sequence"] as? String == "1")
            #expect(event["streamversion"] as? Int == 1)
            #expect(event["actor"] as? String == "esp1")
            #expect(event["channel"] as? String == "device")
            #expect(event["clientid"] as? String == "esp1")
            let id = try #require(event["id"] as? String)
            #expect(EventID(id) != nil)
            let data = try #require(event["data"] as? [String: Any])
            #expect(data["from"] as? String == "closed")
            #expect(data["to"] as? String == "opening")
            // CloudEvents 1.0 §3.1: attribute names are lower-case letters and digits.
            #expect(event.keys.allSatisfy { $0.allSatisfy { $0.isLowercase || $0.isNumber } })
            #expect(answer["position"] as? Int == 1)
            #expect(answer["next"] is NSNull)
        }
    }

    @Test func pagesFollowTheLink() async throws {
        try await APIGarage.with { garage in
            for number in 0..<7 { try await garage.append("gate/home.front", .gateObstructed, at: Double(number)) }
            for (order, expected) in [
                ("desc", ["7", "6", "5", "4", "3", "2", "1"]), ("asc", ["1", "2", "3", "4", "5", "6", "7"]),
            ] {
                var uri: String? = "/api/v1/events?kind=gate&order=\(order)&limit=3"
                var found: [String] = []
                var sizes: [Int] = []
                while let address = uri {
                    let response = try await garage.get(address)
                    let answer = try object(response)
                    let page = try sequences(answer)
                    found += page
                    sizes.append(page.count)
                    uri = answer["next"] as? String
                    let link = response.headers[named: "Link"]
                    #expect(link?.contains("rel=\"next\"") ?? false == (uri != nil))
                    if let uri { #expect(link?.contains("<\(uri)>; rel=\"next\"") == true) }
                    #expect(uri?.contains("kind=gate") ?? true)
                }
                #expect(found == expected)
                #expect(sizes == [3, 3, 1])
            }
        }
    }

    @Test(arguments: [
        ("", 8), ("type=gate.closed", 1), ("type=gate.*", 2), ("type=gate.*,spot.occupied", 3),
        ("type=gate.closed&type=spot.occupied", 2), ("type!=sensor.*", 5), ("type=gate.*&type!=gate.obstructed", 1),
        ("kind=sensor", 3), ("garage=home", 7), ("garage=beach", 1), ("subject=home.front", 2), ("subject=front", 2),
        ("subject=gate/home.front", 2), ("device=esp1", 5), ("actor=ana", 1), ("state=closed", 1),
        ("state=closed&type=gate.*", 1), ("state=closed&type=spot.*", 0), ("q=NaN", 1), ("q=dht", 3),
        ("q=ol%C3%A1%20mundo", 1), ("q=ol%C3%A1+mundo", 1), ("from=2023-11-14T22:13:24Z", 5),
        ("to=2023-11-14T22:13:24Z", 3), ("from=2023-11-14T19:13:24-03:00&to=2023-11-14T22:13:25Z", 1),
        ("from=2023-11-14T23:13:24+01:00", 5), ("from=2023-11-14T23:13:24%2B01:00", 5), ("type=no.such", 0),
    ])
    func filters(query: String, count: Int) async throws {
        try await APIGarage.with { garage in
            try await garage.fill()
            try await garage.append("gate/home.front", .gateObstructed, at: 6, device: "esp1")
            try await garage.append(
                "sensor/home.dht1", .faultDetected(SensorFault(quantity: .humidity, kind: .notANumber, raw: "nan")),
                at: 7)
            try await garage.append("garage/beach.beach", .noteAdded(Note(text: "Olá mundo")), at: 8, actor: "ana")
            #expect(try await sequences(garage.json("/api/v1/events?" + query)).count == count)
        }
    }

    @Test(arguments: [
        ("colour=green", "colour"), ("limit=0", "limit"), ("limit=1001", "limit"), ("limit=many", "limit"),
        ("limit=5&limit=6", "limit"), ("limit=", "limit"), ("order=up", "order"), ("kind=door", "kind"),
        ("garage=a%20b", "garage"), ("from=yesterday", "from"), ("from=2023-02-29T00:00:00Z", "from"),
        ("to=2023-11-14", "to"), ("to=2023-11-14T22:13:24", "to"), ("cursor=nonsense", "cursor"),
        ("cursor=d-1", "cursor"), ("cursor=azzzzzzzzzzzzzzzzzz", "cursor"), ("order=asc&cursor=d5", "cursor"),
        ("q=%ff", "q"), ("q=%4", "q"), ("type%21%21=x", "type!!"),
    ])
    func wrongParametersAreNamed(query: String, parameter: String) async throws {
        try await APIGarage.with { garage in
            let response = try await garage.get("/api/v1/events?" + query)
            try expectProblem(response, .badRequest, "invalid-parameter")
            let problem = try object(response)
            let errors = try #require(problem["errors"] as? [[String: Any]])
            #expect(errors.first?["parameter"] as? String == parameter)
            #expect(problem["instance"] as? String == "/api/v1/events")
        }
    }

    @Test func anAnswerThatTheClientHasIsNotSentAgain() async throws {
        try await APIGarage.with { garage in
            try await garage.fill()
            let tag = try #require(try await garage.get("/api/v1/events").headers[.eTag])
            #expect(tag == "\"5\"")
            for header in [tag, "W/" + tag, "\"1\", " + tag, "*"] {
                let response = try await garage.get("/api/v1/events", [.ifNoneMatch: header])
                #expect(response.status == .notModified)
                #expect(response.headers[.eTag] == tag)
                #expect(response.body.readableBytes == 0)
            }
            try await garage.append("gate/home.front", .gateObstructed, at: 6)
            let response = try await garage.get("/api/v1/events", [.ifNoneMatch: tag])
            #expect(response.status == .ok)
            #expect(response.headers[.eTag] == "\"6\"")
        }
    }

    @Test func aSingleEventIsNotSentAgain() async throws {
        try await APIGarage.with { garage in
            try await garage.fill()
            let response = try await garage.get("/api/v1/events/2")
            #expect(response.status == .ok)
            #expect(response.headers[.contentType] == "application/cloudevents+json; charset=utf-8")
            #expect(response.headers[.cacheControl] == "private, no-cache")
            let event = try object(response)
            #expect(event["sequence"] as? String == "2")
            #expect((event["hash"] as? String)?.count == 64)
            #expect(event["chain"] as? String == "journal")
            let again = try await garage.get("/api/v1/events/2", [.ifNoneMatch: try #require(response.headers[.eTag])])
            #expect(again.status == .notModified)
            for position in ["0", "-1", "6", "x", "9223372036854775807", "99999999999999999999"] {
                try expectProblem(try await garage.get("/api/v1/events/" + position), .notFound, "not-found")
            }
            try expectProblem(try await garage.get("/api/v1/events/2?x=1"), .badRequest)
        }
    }

    @Test func anEmptyLogIsAnEmptyList() async throws {
        try await APIGarage.with { garage in
            let answer = try await garage.json("/api/v1/events")
            #expect(try sequences(answer).isEmpty)
            #expect(answer["position"] as? Int == 0)
        }
    }

    @Test func exportsHoldExactlyTheFilteredEvents() async throws {
        try await APIGarage.with { garage in
            try await garage.fill()
            try await garage.append(
                "garage/home.home", .noteAdded(Note(text: "=cmd|' /C calc'!A0, \"quoted\"")), at: 6, actor: "=ana")
            let lines = try await garage.get("/api/v1/events.jsonl?type=note.added,spot.*&order=asc")
            #expect(lines.headers[.contentType] == "application/jsonl; charset=utf-8")
            #expect(lines.headers[.contentDisposition] == "attachment; filename=\"events.jsonl\"")
            let events = try text(lines).split(separator: "\n").map {
                try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
            }
            #expect(events.compactMap { $0["sequence"] as? String } == ["3", "6"])

            let csv = try await garage.get("/api/v1/events.csv?kind=garage")
            #expect(csv.headers[.contentType]?.hasPrefix("text/csv") == true)
            let rows = text(csv).components(separatedBy: "\r\n")
            #expect(rows.count == 3)
            #expect(rows[0].hasPrefix("position,time,type,garage,kind,name,actor,channel,"))
            #expect(rows[1].hasPrefix("6,2023-11-14T22:13:26.000000Z,note.added,home,garage,home,'=ana,service,"))
            #expect(rows[1].contains("\"\"quoted"))
            #expect(rows[2].isEmpty)
            try expectProblem(try await garage.get("/api/v1/events.csv?limit=5"), .badRequest, "invalid-parameter")
            try expectProblem(try await garage.get("/api/v1/events.jsonl?colour=5"), .badRequest, "invalid-parameter")
        }
    }

    @Test func anExportIsLongerThanAPage() async throws {
        try await APIGarage.with { garage in
            let data = Array(#"{"text":"x"}"#.utf8)
            let events = (0..<2345).map { _ in
                NewEvent(
                    id: .make(at: APIGarage.start), stream: "garage/home.home", chain: .journal, type: "note.added",
                    schema: 1, time: APIGarage.start, metadata: EventMetadata(actor: "ana", channel: "http"), data: data
                )
            }
            let head = try await garage.log.append(AppendRequest(events: events)).head
            #expect(await garage.views.waitUntilApplied(head, within: .seconds(20)))
            for order in ["asc", "desc"] {
                let lines = try await garage.get("/api/v1/events.jsonl?order=\(order)")
                #expect(text(lines).split(separator: "\n").count == 2345)
            }
        }
    }
}
