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

    /// Hands each line of an answer to `body` as it comes, until the service ends it.
    func stream(_ path: String, _ body: (String) -> Void) async throws {
        let request = HTTPClientRequest(url: base + path)
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
