import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1

/// Talks to the HTTP server of a running service: over its control socket, which asks for no sign-in, or where there is
/// none over its address.
struct ServiceClient {
    /// What is put before a path.
    private let base: String
    /// For messages.
    private let address: String

    /// - Throws: a ``Failure`` if no service runs on the data folder.
    init(folder: String) throws {
        let listening = try ListeningFile.read(from: folder)
        let socket = folder + "/garage.sock"
        if FileManager.default.fileExists(atPath: socket),
            let path = socket.addingPercentEncoding(withAllowedCharacters: .alphanumerics)
        {
            base = "http+unix://" + path
            address = socket
        } else if let http = listening.http {
            base = "http://" + http
            address = http
        } else {
            throw Failure("the service on '\(folder)' has no HTTP address")
        }
    }

    struct Answer {
        var status: Int
        var headers: [(name: String, value: String)]
        var body: Data

        func header(_ name: String) -> String? {
            headers.first { $0.name.lowercased() == name.lowercased() }?.value
        }

        /// What went wrong, in the server's words (RFC 9457) if it has any.
        var problem: String {
            struct Problem: Decodable {
                var title: String?
                var detail: String?
            }
            let problem = try? JSONDecoder().decode(Problem.self, from: body)
            return problem?.detail ?? problem?.title ?? "the service answered with status \(status)"
        }
    }

    func get(_ path: String) async throws -> Answer {
        try await send(HTTPClientRequest(url: base + path))
    }

    func post(_ path: String, json: some Encodable & Sendable, headers: [(String, String)]) async throws -> Answer {
        var request = HTTPClientRequest(url: base + path)
        request.method = .POST
        request.headers.add(name: "Content-Type", value: "application/json")
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        request.body = .bytes(ByteBuffer(bytes: try JSONEncoder().encode(json)))
        return try await send(request)
    }

    /// The values of one query parameter, with the question mark; empty without values.
    func query(_ name: String, _ values: [String]) -> String {
        let parts = values.map { "\(name)=\($0.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? "")" }
        return parts.isEmpty ? "" : "?" + parts.joined(separator: "&")
    }

    /// A line of the answer to a request that has the service do something that takes long.
    struct Step: Decodable, Sendable {
        var position: Int64?
        var head: Int64?
        var events: Int?
        var done: Bool?
        var error: String?
    }

    /// Has the service do something that takes long. Returns the last step, in which it says that it is done.
    func work(_ path: String, _ progress: (Step) -> Void) async throws -> Step {
        var last: Step?
        try await stream(path, method: .POST) { line in
            guard let step = try? JSONDecoder().decode(Step.self, from: Data(line.utf8)) else { return }
            if step.done == nil, step.error == nil { progress(step) } else { last = step }
        }
        guard let last else { throw Failure("the service on \(address) ended before it was done") }
        if let error = last.error { throw Failure(error) }
        return last
    }

    /// Hands each line of an answer to `body` as it comes, until the service ends it.
    func stream(_ path: String, method: HTTPMethod = .GET, _ body: (String) -> Void) async throws {
        var request = HTTPClientRequest(url: base + path)
        request.method = method
        let response: HTTPClientResponse
        do {
            response = try await HTTPClient.shared.execute(request, deadline: .distantFuture)
        } catch { throw Failure("the service on \(address) does not answer: \(error)") }
        guard response.status == .ok else {
            let problem = try await response.body.collect(upTo: 1 << 20)
            throw Failure(
                Answer(status: Int(response.status.code), headers: [], body: Data(problem.readableBytesView)).problem)
        }
        var rest: [UInt8] = []
        for try await chunk in response.body {
            rest += chunk.readableBytesView
            while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                body(String(decoding: rest[..<end], as: UTF8.self))
                rest.removeFirst(end + 1)
            }
        }
        if !rest.isEmpty { body(String(decoding: rest, as: UTF8.self)) }
    }

    private func send(_ request: HTTPClientRequest) async throws -> Answer {
        do {
            let response = try await HTTPClient.shared.execute(request, timeout: .seconds(10))
            let body = try await response.body.collect(upTo: 1 << 20)
            return Answer(
                status: Int(response.status.code), headers: response.headers.map { ($0.name, $0.value) },
                body: Data(body.readableBytesView))
        } catch {
            throw Failure("the service on \(address) does not answer: \(error)")
        }
    }
}
