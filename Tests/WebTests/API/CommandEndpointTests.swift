import EventLog
import Foundation
import GarageDomain
import Hummingbird
import HummingbirdTesting
import Ingest
import Synchronization
import Testing

@testable import Web

@Suite struct CommandEndpointTests {
    private static let path = "/api/v1/gates/home.front/commands"

    @Test func aCommandIsAcceptedAndCanBeFollowed() async throws {
        try await APIGarage.with { garage in
            try await garage.fill()
            let response = try await garage.post(Self.path, #"{"action":"open","reason":"visit","expires_in":20}"#)
            #expect(response.status == .accepted)
            let location = try #require(response.headers[.location])
            #expect(location == "/api/v1/gates/home.front/commands/generated-1")
            let command = try object(response)
            #expect(command["id"] as? String == "generated-1")
            #expect(command["gate"] as? String == "home.front")
            #expect(command["action"] as? String == "open")
            #expect(command["status"] as? String == "requested")
            #expect(command["actor"] as? String == "anonymous")
            #expect(command["channel"] as? String == "http")
            let submission = try #require(garage.door.submissions.first)
            #expect(submission.gate.id == "home.front")
            #expect(submission.action == .open)
            #expect(submission.reason == "visit")
            #expect(submission.expiresInSeconds == 20)
            #expect(submission.id == nil)

            try await garage.append(
                "gate/home.front",
                .commandFailed(CommandFailed(commandID: "generated-1", action: .open, reason: .timedOut)))
            let later = try await garage.json(location)
            #expect(later["status"] as? String == "failed")
            #expect(later["reason"] as? String == "timed-out")
            let list = try #require(try await garage.json(Self.path)["commands"] as? [[String: Any]])
            #expect(list.map { $0["id"] as? String } == ["generated-1"])
            try expectProblem(try await garage.get(Self.path + "/none"), .notFound)
            try expectProblem(try await garage.get("/api/v1/gates/none/commands"), .notFound)
        }
    }

    @Test func theCommandLineNamesItself() async throws {
        try await APIGarage.with { garage in
            try await garage.fill()
            var headers = HTTPFields()
            headers[named: "Garage-Channel"] = "cli"
            _ = try await garage.post("/api/v1/gates/front/commands", #"{"action":"stop"}"#, headers)
            headers[named: "Garage-Channel"] = "device"
            _ = try await garage.post("/api/v1/gates/front/commands", #"{"action":"stop"}"#, headers)
            #expect(garage.door.submissions.map(\.origin.channel) == ["cli", "http"])
            #expect(garage.door.submissions.allSatisfy { $0.expiresInSeconds == 10 && $0.gate.id == "home.front" })
        }
    }

    @Test func aReasonIsBoundedInBytesToo() async throws {
        try await APIGarage.with { garage in
            try await garage.fill()
            func answer(accents: Int) async throws -> HTTPResponse.Status {
                let character = "a" + String(repeating: "\u{301}", count: accents)
                let reason = String(repeating: character, count: 200)
                return try await garage.post(Self.path, #"{"action":"stop","reason":"\#(reason)"}"#).status
            }
            #expect(try await answer(accents: 3) == .accepted)
            #expect(try await answer(accents: 4) == .unprocessableContent)
        }
    }

    @Test(arguments: ["key-1", "\"key-1\""])
    func theIdempotencyKeyIsTheCommandsID(header: String) async throws {
        try await APIGarage.with { garage in
            try await garage.fill()
            var headers = HTTPFields()
            headers[named: "Idempotency-Key"] = header
            let response = try await garage.post(Self.path, #"{"action":"open"}"#, headers)
            #expect(response.headers[.location]?.hasSuffix("/commands/key-1") == true)
            let both = try await garage.post(Self.path, #"{"action":"open","id":"key-1"}"#, headers)
            #expect(both.status == .accepted)
            let different = try await garage.post(Self.path, #"{"action":"open","id":"other"}"#, headers)
            try expectProblem(different, .unprocessableContent, "invalid-body")
            #expect(garage.door.submissions.map(\.id) == ["key-1", "key-1"])
            for wrong in ["with space", String(repeating: "x", count: 65), "\"\""] {
                headers[named: "Idempotency-Key"] = wrong
                try expectProblem(try await garage.post(Self.path, #"{"action":"open"}"#, headers), .badRequest)
            }
        }
    }

    @Test func anIDInTheLocationIsEscaped() async throws {
        try await APIGarage.with { garage in
            try await garage.fill()
            let response = try await garage.post(Self.path, #"{"action":"open","id":"a/b?c%d"}"#)
            let location = try #require(response.headers[.location])
            #expect(location.hasSuffix("/commands/a%2Fb%3Fc%25d"))
            #expect(try await garage.json(location)["id"] as? String == "a/b?c%d")
        }
    }

    @Test(arguments: [
        (CommandRejected.Reason.unknownGate, 404), (.notAllowed, 403), (.obstructed, 409), (.offline, 409),
        (.unknownState, 409), (.busy, 409), (.expired, 409), (.unreadable, 422), (.retained, 422), (.redelivered, 422),
    ])
    func aRejectionSaysWhy(reason: CommandRejected.Reason, status: Int) async throws {
        try await APIGarage.with { garage in
            try await garage.fill()
            garage.door.state.withLock { $0.rejection = reason }
            let response = try await garage.post(Self.path, #"{"action":"close","id":"c1"}"#)
            try expectProblem(response, HTTPResponse.Status(code: status), "command-rejected")
            let problem = try object(response)
            #expect(problem["reason"] as? String == reason.rawValue)
            #expect(problem["command_id"] as? String == "c1")
            let location = try #require(response.headers[.location])
            #expect(try await garage.json(location)["status"] as? String == "rejected")
        }
    }

    @Test func whatCanNotBeRecordedIsNotDone() async throws {
        try await APIGarage.with { garage in
            try await garage.fill()
            garage.door.state.withLock { $0.error = .storage("disk full") }
            let unavailable = try await garage.post(Self.path, #"{"action":"close"}"#)
            try expectProblem(unavailable, .serviceUnavailable, "not-stored")
            #expect(text(unavailable).contains("disk full"))
            garage.door.state.withLock { $0.error = .conflict }
            try expectProblem(
                try await garage.post(Self.path, #"{"action":"close"}"#), .unprocessableContent, "id-reused")
        }
    }

    @Test(arguments: [
        (#"{}"#, "/action"), (#"{"action":"jump"}"#, "/action"), (#"{"action":1}"#, "/action"),
        (#"{"action":null}"#, "/action"), (#"{"action":"open","expires_in":0}"#, "/expires_in"),
        (#"{"action":"open","expires_in":61}"#, "/expires_in"), (#"{"action":"open","expires_in":1.5}"#, "/expires_in"),
        (#"{"action":"open","expires_in":"5"}"#, "/expires_in"),
        (#"{"action":"open","expires_in":1e300}"#, "/expires_in"),
        (#"{"action":"open","colour":"red"}"#, "/colour"), (#"{"action":"open","a/b~":1}"#, "/a~1b~0"),
        (#"{"action":"open","id":""}"#, "/id"), (#"{"action":"open","id":"ü"}"#, "/id"),
        (#"{"action":"open","reason":[]}"#, "/reason"),
    ])
    func wrongMembersArePointedAt(body: String, pointer: String) async throws {
        try await APIGarage.with { garage in
            try await garage.fill()
            let response = try await garage.post(Self.path, body)
            try expectProblem(response, .unprocessableContent, "invalid-body")
            let errors = try #require(try object(response)["errors"] as? [[String: Any]])
            #expect(errors.map { $0["pointer"] as? String } == [pointer])
            #expect(garage.door.submissions.isEmpty)
        }
    }

    @Test func whatIsNoJSONIsRefused() async throws {
        try await APIGarage.with { garage in
            try await garage.fill()
            for body in ["not json", "", "[]", "\"open\"", "{\"action\":", String(repeating: "[", count: 10_000)] {
                try expectProblem(try await garage.post(Self.path, body), .badRequest, "invalid-json")
            }
            let large = #"{"action":"open","reason":""# + String(repeating: "x", count: 17_000) + "\"}"
            try expectProblem(try await garage.post(Self.path, large), .contentTooLarge)
            for type in ["text/plain", "application/x-www-form-urlencoded", ""] {
                let response = try await garage.post(Self.path, #"{"action":"open"}"#, [.contentType: type])
                try expectProblem(response, .unsupportedMediaType)
            }
            let typed = try await garage.post(
                Self.path, #"{"action":"open"}"#, [.contentType: "Application/JSON; charset=utf-8"])
            #expect(typed.status == .accepted)
        }
    }

    @Test func anotherSitesPageCanNotPost() async throws {
        try await APIGarage.with { garage in
            try await garage.fill()
            for origin in ["http://evil.example", "null", "https://localhost.evil.example"] {
                let response = try await garage.post(Self.path, #"{"action":"open"}"#, [.origin: origin])
                try expectProblem(response, .forbidden, "foreign-origin")
            }
            var crossSite = HTTPFields()
            crossSite[named: "Sec-Fetch-Site"] = "cross-site"
            try expectProblem(try await garage.post(Self.path, #"{"action":"open"}"#, crossSite), .forbidden)
            try expectProblem(try await garage.post("/api/v1/events", #"{"text":"x"}"#, crossSite), .forbidden)
            #expect(garage.door.submissions.isEmpty)
        }
    }

    @Test func notes() async throws {
        try await APIGarage.with { garage in
            try await garage.fill()
            let response = try await garage.post(
                "/api/v1/events", #"{"subject":"gate/home.front","text":"Oiled \"today\""}"#)
            #expect(response.status == .created)
            let location = try #require(response.headers[.location])
            let event = try object(try await garage.get(location))
            #expect(event["type"] as? String == "note.added")
            #expect(event["subject"] as? String == "gate/home.front")
            #expect(event["channel"] as? String == "http")
            #expect((event["data"] as? [String: Any])?["text"] as? String == "Oiled \"today\"")
            #expect(try object(response)["id"] as? String == event["id"] as? String)

            for (subject, stream) in [("sensor/dht1", "sensor/home.dht1"), ("garage/home", "garage/home.home")] {
                let added = try await garage.post(
                    "/api/v1/events", "{\"subject\":\"\(subject)\",\"text\":\"x\",\"type\":\"note.added\"}")
                #expect(try object(added)["subject"] as? String == stream)
            }
            let whole = try await garage.post("/api/v1/events", #"{"text":"All quiet"}"#)
            #expect(try object(whole)["subject"] as? String == "garage/home.home")

            let wrong = [
                (#"{"subject":"gate/home.front"}"#, "/text"), (#"{"text":"","subject":"gate/home.front"}"#, "/text"),
                (#"{"text":"x","subject":"gate/home.none"}"#, "/subject"),
                (#"{"text":"x","subject":"home.front"}"#, "/subject"),
                (#"{"text":"x","subject":"garage/beach"}"#, "/subject"),
                (#"{"text":"x","type":"gate.opened"}"#, "/type"), (#"{"text":"x","data":{}}"#, "/data"),
            ]
            for (body, pointer) in wrong {
                let response = try await garage.post("/api/v1/events", body)
                try expectProblem(response, .unprocessableContent, "invalid-body")
                let errors = try #require(try object(response)["errors"] as? [[String: Any]])
                #expect(errors.map { $0["pointer"] as? String } == [pointer])
            }
            garage.door.state.withLock { $0.error = .storage("disk full") }
            try expectProblem(
                try await garage.post("/api/v1/events", #"{"text":"x"}"#), .serviceUnavailable, "not-stored")
        }
    }
}
