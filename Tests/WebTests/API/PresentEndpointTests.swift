import EventLog
import Foundation
import GarageDomain
import Hummingbird
import HummingbirdTesting
import Synchronization
import Testing

@testable import Web

@Suite struct PresentEndpointTests {
    @Test func gates() async throws {
        try await APIGarage.with { garage in
            try await garage.fill()
            let list = try #require(try await garage.json("/api/v1/gates")["gates"] as? [[String: Any]])
            let gate = try #require(list.first)
            #expect(list.count == 1)
            #expect(gate["id"] as? String == "home.front")
            #expect(gate["garage"] as? String == "home")
            #expect(gate["name"] as? String == "front")
            #expect(gate["state"] as? String == "closed")
            #expect(gate["since"] as? String == "2023-11-14T22:13:22.000000Z")
            #expect(gate["obstructed"] as? Bool == false)
            #expect(gate["device"] as? String == "esp1")
            #expect(gate["device_online"] as? Bool == true)
            #expect(gate["allowed_commands"] as? [String] == ["open", "stop"])
            // Its first report says how it stands, not that it moved.
            #expect(gate["last_movement"] is NSNull)
            #expect(gate["last_command"] is NSNull)
            for id in ["home.front", "front", "hom%65.front"] {
                #expect(try await garage.json("/api/v1/gates/\(id)")["id"] as? String == "home.front")
            }
            for id in ["home.back", "back", "a.b.c", "%2f", "%zz", "home.", "sensor"] {
                try expectProblem(try await garage.get("/api/v1/gates/\(id)"), .notFound, "not-found")
            }
            // With a second garage the bare name is not enough.
            try await garage.append("gate/beach.front", .gateObstructed, device: "esp9")
            try expectProblem(try await garage.get("/api/v1/gates/front"), .notFound)
            #expect(try await garage.json("/api/v1/gates/beach.front")["state"] is NSNull)
        }
    }

    @Test func spotsAndDevices() async throws {
        try await APIGarage.with { garage in
            try await garage.fill()
            let spots = try #require(try await garage.json("/api/v1/spots")["spots"] as? [[String: Any]])
            #expect(spots.map { $0["id"] as? String } == ["home.A1"])
            #expect(spots[0]["state"] as? String == "occupied")
            #expect(spots[0]["since"] as? String == "2023-11-14T22:13:23.000000Z")
            #expect(try await garage.json("/api/v1/spots/A1")["name"] as? String == "A1")
            try expectProblem(try await garage.get("/api/v1/spots/A2"), .notFound)

            let devices = try #require(try await garage.json("/api/v1/devices")["devices"] as? [[String: Any]])
            #expect(devices.map { $0["id"] as? String } == ["home.esp1"])
            #expect(devices[0]["state"] as? String == "online")
            #expect(devices[0]["client_id"] as? String == "ESP")
            #expect(devices[0]["reason"] is NSNull)
            #expect(devices[0]["last_event_at"] as? String == "2023-11-14T22:13:25.000000Z")
            #expect(try await garage.json("/api/v1/devices/home.esp1")["name"] as? String == "esp1")
            try expectProblem(try await garage.get("/api/v1/devices/esp2"), .notFound)
        }
    }

    @Test func theTopicsOfADevice() async throws {
        try await APIGarage.with { garage in
            try await garage.fill()
            let first = try await garage.get("/api/v1/devices")
            let devices = try #require(try object(first)["devices"] as? [[String: Any]])
            let topic = try #require((devices[0]["topics"] as? [[String: Any]])?.first)
            #expect(topic["topic"] as? String == "tele/x/SENSOR")
            #expect(topic["reader"] as? String == "tasmota")
            #expect(topic["count"] as? Int == 1)
            #expect(topic["last_time"] as? String == "2023-11-14T22:13:20.000000Z")
            // A report that repeats what is known makes no event, and the answer is another one all the same.
            let tag = try #require(first.headers[.eTag])
            #expect(try await garage.get("/api/v1/devices", [.ifNoneMatch: tag]).status == .notModified)
            garage.door.state.withLock { $0.reports = 2 }
            for path in ["/api/v1/devices", "/api/v1/devices/esp1"] {
                #expect(try await garage.get(path, [.ifNoneMatch: tag]).status == .ok)
            }
            let again = try await garage.json("/api/v1/devices/esp1")["topics"] as? [[String: Any]]
            #expect(again?.first?["count"] as? Int == 2)
        }
    }

    @Test func sensors() async throws {
        try await APIGarage.with { garage in
            try await garage.fill()
            let fault = SensorFault(quantity: .temperature, kind: .notANumber, raw: "na\"n")
            try await garage.append("sensor/home.dht1", .faultDetected(fault), at: 9, device: "esp1")
            let sensors = try #require(try await garage.json("/api/v1/sensors")["sensors"] as? [[String: Any]])
            #expect(sensors.map { $0["id"] as? String } == ["home.dht1"])
            let latest = try #require(sensors[0]["latest"] as? [String: [String: Any]])
            #expect(latest["temperature"]?["value"] as? Double == 23.4)
            #expect(latest["temperature"]?["unit"] as? String == "celsius")
            #expect(latest["humidity"]?["unit"] as? String == "percent")
            let found = try #require(sensors[0]["fault"] as? [String: Any])
            #expect(found["kind"] as? String == "not-a-number")
            #expect(found["raw"] as? String == "na\"n")
            #expect(try await garage.json("/api/v1/sensors/dht1")["id"] as? String == "home.dht1")
            try expectProblem(try await garage.get("/api/v1/sensors/home.none"), .notFound)
        }
    }

    @Test(arguments: ["gates", "spots", "sensors", "devices", "readings"])
    func listsOfNothing(path: String) async throws {
        try await APIGarage.with { garage in
            let answer = try await garage.json("/api/v1/" + path)
            #expect((answer[path] as? [Any])?.isEmpty == true)
            try expectProblem(try await garage.get("/api/v1/\(path)?colour=green"), .badRequest, "invalid-parameter")
        }
    }

    @Test(arguments: ["gates", "spots", "sensors", "devices", "readings", "sensors/dht1", "gates/front"])
    func nothingNewIsNotSentAgain(path: String) async throws {
        try await APIGarage.with { garage in
            try await garage.fill()
            let tag = try #require(try await garage.get("/api/v1/" + path).headers[.eTag])
            #expect(try await garage.get("/api/v1/" + path, [.ifNoneMatch: tag]).status == .notModified)
            try await garage.append("gate/home.front", .gateObstructed, at: 6)
            #expect(try await garage.get("/api/v1/" + path, [.ifNoneMatch: tag]).status == .ok)
        }
    }

    @Test func health() async throws {
        try await APIGarage.with { garage in
            #expect(try await garage.json("/healthz")["status"] as? String == "ok")
            garage.status.withLock { $0.checks = [.init(name: "broker", isPassing: true)] }
            let ready = try await garage.json("/readyz")
            #expect(ready["status"] as? String == "ready")
            let checks = try #require(ready["checks"] as? [[String: Any]])
            #expect(checks.compactMap { $0["name"] as? String } == ["event_log", "views", "broker"])
            #expect(checks.allSatisfy { $0["ok"] as? Bool == true })

            garage.status.withLock { $0.checks = [.init(name: "broker", isPassing: false, detail: "no listener")] }
            let unready = try await garage.get("/readyz")
            #expect(unready.status == .serviceUnavailable)
            #expect(text(unready).contains("no listener"))
            #expect(try object(unready)["status"] as? String == "not_ready")
        }
    }

    @Test func otherMethodsAreRefused() async throws {
        try await APIGarage.with { garage in
            try await garage.fill()
            let cases: [(String, String)] = [
                ("/api/v1/events", "GET, HEAD, POST, OPTIONS"), ("/api/v1/gates", "GET, HEAD, OPTIONS"),
                ("/api/v1/gates/front/commands", "GET, HEAD, POST, OPTIONS"), ("/healthz", "GET, HEAD, OPTIONS"),
            ]
            for (path, allowed) in cases {
                for method in [HTTPRequest.Method.put, .delete, .patch, .trace] {
                    let response = try await garage.send(method, path)
                    try expectProblem(response, .methodNotAllowed)
                    #expect(response.headers[.allow] == allowed)
                }
                let options = try await garage.send(.options, path)
                #expect(options.status == .noContent)
                #expect(options.headers[.allow] == allowed)
                let get = try await garage.get(path)
                let head = try await garage.send(.head, path)
                #expect(head.status == get.status)
                #expect(head.body.readableBytes == 0)
                #expect(head.headers[.contentLength] == get.headers[.contentLength])
                #expect(head.headers[.eTag] == get.headers[.eTag])
            }
            for path in ["/api/", "/api/v1", "/api/v1/nothing", "/api/v2/events", "/api/v1/events/1/2"] {
                try expectProblem(try await garage.get(path), .notFound)
            }
            #expect(try await garage.get("/api/v1/gates").headers[.accessControlAllowOrigin] == nil)
            #expect(try await garage.get("/api/v1/gates").headers[.xContentTypeOptions] == "nosniff")
        }
    }
}
