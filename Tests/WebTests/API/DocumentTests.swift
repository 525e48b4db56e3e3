import EventLog
import Foundation
import GarageDomain
import Hummingbird
import HummingbirdTesting
import Testing

@testable import Web

/// Holds the API against `openapi.yaml`, both ways.
@Suite struct DocumentTests {
    private let document: DocumentNode

    init() throws { document = try DocumentEndpoints.document("openapi.yaml", .embedded) }

    private struct Operation: Hashable, CustomStringConvertible {
        var method: String
        var path: String
        var description: String { "\(method) \(path)" }
    }

    private var documented: Set<Operation> {
        var found: Set<Operation> = []
        for (path, item) in document["paths"]?.members ?? [] {
            for (method, _) in item.members { found.insert(Operation(method: method.uppercased(), path: path)) }
        }
        return found
    }

    @Test func everyRouteIsDocumentedAndTheOtherWayRound() async throws {
        try await APIGarage.with { garage in
            let routes = Set(
                garage.routes.flatMap { route in
                    route.methods.filter { $0 != .head }.map { Operation(method: $0.rawValue, path: route.path) }
                })
            #expect(routes.subtracting(documented) == [], "not in openapi.yaml")
            #expect(documented.subtracting(routes) == [], "not in the service")
        }
    }

    private func parameters(_ path: String, _ method: String, in place: String) -> [String: DocumentNode] {
        let listed = document["paths"]?[path]?[method]?["parameters"]?.elements ?? []
        let found = listed.map(document.resolve).filter { $0["in"]?.text == place }
        return Dictionary(found.map { ($0["name"]?.text ?? "", $0) }) { first, _ in first }
    }

    /// A path with the example of each of its parameters in its place.
    private func example(_ path: String) -> String {
        path.replacing("{kind}", with: "gate").replacing("{position}", with: "2").replacing("{command}", with: "c1")
            .replacing(
                "{id}",
                with: path.contains("/sensors/")
                    ? "home.dht1" : path.contains("/spots/") ? "A1" : path.contains("/devices/") ? "esp1" : "home.front"
            )
    }

    /// The path with the examples of the parameters that it can't do without.
    private func request(_ operation: Operation) throws -> String {
        let needed = parameters(operation.path, operation.method.lowercased(), in: "query")
            .filter { $0.value["required"]?.text == "true" }
        let query = try needed.map { name, parameter in
            let value = try #require(parameter["example"]?.text, "\(operation) \(name) has no example")
            return "\(PercentCoding.encode(name))=\(PercentCoding.encode(value))"
        }
        return example(operation.path) + (query.isEmpty ? "" : "?" + query.joined(separator: "&"))
    }

    /// The service names every parameter it knows when it refuses one that it doesn't.
    @Test func everyParameterIsDocumentedAndTheOtherWayRound() async throws {
        try await APIGarage.with { garage in
            try await garage.fill()
            try await garage.append(
                "gate/home.front",
                .commandRequested(
                    CommandRequested(commandID: "c1", action: .open, expiresAt: Timestamp(microseconds: 0))), at: 9)
            for operation in documented
            where operation.method == "GET" && operation.path.hasPrefix("/api/")
                && !operation.path.contains("/alerts/{id}")
            {
                let path = example(operation.path)
                let answer = try await garage.get(path + "?no-such=1")
                #expect(answer.status == .badRequest, "\(path)")
                let detail = try object(answer)["detail"] as? String ?? ""
                let list = detail.split(separator: "There are: ").dropFirst().first?.dropLast() ?? ""
                let known = Set(list.split(separator: ", ").map(String.init))
                let listed = parameters(operation.path, "get", in: "query")
                #expect(known == Set(listed.keys), "\(operation)")
                for (name, parameter) in listed where name != "cursor" {
                    let value = try #require(parameter["example"]?.text, "\(operation) \(name) has no example")
                    let base = try request(operation)
                    let item = "\(PercentCoding.encode(name))=\(PercentCoding.encode(value))"
                    let target = base.contains(item) ? base : base + (base.contains("?") ? "&" : "?") + item
                    let isStream = path.hasSuffix("/stream")
                    if !isStream {
                        let status = try await garage.send(.head, target).status
                        #expect(status == .ok, "\(target)")
                    }
                }
            }
        }
    }

    /// What a value may be by its schema: a small part of JSON Schema 2020-12, which is all that the document uses.
    private func errors(_ value: Any, _ schema: DocumentNode, at place: String) -> [String] {
        let schema = document.resolve(schema)
        if let choices = schema["oneOf"]?.elements {
            let fitting = choices.filter { errors(value, $0, at: place).isEmpty }.count
            return fitting == 1 ? [] : ["\(place) fits \(fitting) of \(choices.count)"]
        }
        if let list = schema["enum"]?.elements {
            let text = value is NSNull ? "null" : value as? String
            return list.contains { $0.text == text } ? [] : ["\(place): \(value) is not listed"]
        }
        if let constant = schema["const"]?.text { return value as? String == constant ? [] : ["\(place): \(value)"] }
        guard let types = schema["type"].map({ $0.elements.isEmpty ? [$0] : $0.elements }) else { return [] }
        let names = types.compactMap(\.text)
        if value is NSNull { return names.contains("null") ? [] : ["\(place) is null"] }
        if let object = value as? [String: Any], names.contains("object") {
            let known = schema["properties"]?.members ?? []
            var found = (schema["required"]?.elements ?? []).compactMap(\.text).filter { object[$0] == nil }
                .map { "\(place) has no \($0)" }
            for (name, member) in object {
                if let property = known.first(where: { $0.name == name })?.value {
                    found += errors(member, property, at: "\(place)/\(name)")
                } else if schema["additionalProperties"]?.text == "false" {
                    found.append("\(place)/\(name) is not documented")
                }
            }
            return found
        }
        if let array = value as? [Any], names.contains("array") {
            guard let items = schema["items"] else { return [] }
            return array.enumerated().flatMap { errors($0.element, items, at: "\(place)/\($0.offset)") }
        }
        if value is String { return names.contains("string") ? [] : ["\(place) is a text"] }
        if let number = value as? NSNumber {
            let isWhole = number.doubleValue == number.doubleValue.rounded()
            let fits = names.contains("number") || names.contains("boolean") || names.contains("integer") && isWhole
            return fits ? [] : ["\(place) is a number"]
        }
        return ["\(place) is of another type"]
    }

    @Test func everyAnswerIsAsDocumented() async throws {
        try await APIGarage.with { garage in
            try await garage.fill()
            try await garage.append(
                "gate/home.front",
                .commandRequested(
                    CommandRequested(commandID: "c1", action: .open, expiresAt: Timestamp(microseconds: 0))), at: 9)
            try await garage.append(
                "gate/home.front", .gateMoved(GateMoved(from: .closed, to: .opening, commandID: "c1")), at: 10,
                device: "esp1")
            try await garage.append("spot/home.A1", .spotChanged(SpotChanged(occupied: false)), at: 11, device: "esp1")
            try await garage.append(
                "sensor/home.dht1", .faultDetected(SensorFault(quantity: .humidity, kind: .null, raw: "null")), at: 12)
            for operation in documented
            where operation.method == "GET" && !operation.path.hasSuffix("/stream")
                && !operation.path.contains("/alerts/{id}")
            {
                let answer = try await garage.get(request(operation))
                let node = document["paths"]?[operation.path]?["get"]?["responses"]?["200"]
                let content = try #require(node.map(document.resolve)?["content"]?.members.first)
                #expect(answer.status == .ok, "\(operation): \(text(answer))")
                #expect(answer.headers[.contentType]?.hasPrefix(content.name) == true, "\(operation)")
                guard content.name.hasSuffix("json"), let schema = content.value["schema"] else { continue }
                #expect(errors(try object(answer), schema, at: operation.path) == [])
            }
            for (path, example) in [
                ("/api/v1/events", "home.front"), ("/api/v1/gates/{id}/commands", "home.front"),
                ("/api/v1/gates/{id}/unattended-close/setting", "home.front"), ("/api/v1/mappings", ""),
            ] {
                let node = try #require(document["paths"]?[path]?["post"])
                let body = try #require(node["requestBody"]?["content"]?["application/json"]?["example"])
                let answer = try await garage.post(path.replacing("{id}", with: example), body.json)
                let responses = try #require(node["responses"])
                let schema = responses["\(answer.status.code)"].map(document.resolve)?["content"]?["application/json"]?[
                    "schema"]
                #expect(errors(try object(answer), try #require(schema), at: path) == [], "\(answer.status)")
            }
            let problem = try #require(document["components"]?["schemas"]?["Problem"])
            for path in ["/api/v1/nothing", "/api/v1/events?limit=0", "/api/v1/events/999"] {
                #expect(errors(try object(try await garage.get(path)), problem, at: path) == [])
            }
        }
    }

    @Test func documentsAreServedAsJSON() async throws {
        try await APIGarage.with { garage in
            let open = try await garage.json("/openapi.json")
            #expect(open["openapi"] as? String == "3.1.0")
            #expect((open["paths"] as? [String: Any])?.count == document["paths"]?.members.count)
            let async = try await garage.json("/asyncapi.json")
            #expect(async["asyncapi"] as? String == "3.0.0")
            let tag = try #require(try await garage.get("/openapi.json").headers[.eTag])
            #expect(try await garage.get("/openapi.json", [.ifNoneMatch: tag]).status == .notModified)
        }
    }

    /// Every reference of both documents leads somewhere.
    @Test(arguments: ["openapi.yaml", "asyncapi.yaml"])
    func referencesLeadSomewhere(file: String) throws {
        let document = try DocumentEndpoints.document(file, .embedded)
        var seen = 0
        func check(_ node: DocumentNode) {
            if let reference = node["$ref"]?.text {
                seen += 1
                #expect(document.resolve(node) != .null, "\(reference)")
            }
            for member in node.members { check(member.value) }
            for element in node.elements { check(element) }
        }
        check(document)
        #expect(seen > 10)
    }
}
