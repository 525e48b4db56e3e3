import EventLog
import Foundation
import GarageDomain
import ServiceLifecycle
import Synchronization
import Testing
import Views

@testable import Web

@Suite struct WebServerTests {
    /// Runs a body against a server on a free port, then stops the server gracefully.
    private func serving(_ body: @escaping @Sendable (APIGarage, Int) async throws -> Void) async throws {
        try await APIGarage.withViews { garage in
            try await garage.fill()
            let (ports, bound) = AsyncStream<Int>.makeStream()
            let server = try WebServer(
                configuration: .init(host: "127.0.0.1", port: 0), views: garage.views, log: garage.log,
                door: garage.door,
                status: { ServiceStatus(checks: []) }, logger: APIGarage.logger,
                onBound: { host, port in
                    #expect(host == "127.0.0.1")
                    bound.yield(port)
                }
            )
            let group = ServiceGroup(
                configuration: .init(services: [server], gracefulShutdownSignals: [], logger: APIGarage.logger))
            let running = Task { try await group.run() }
            var iterator = ports.makeAsyncIterator()
            let port = try #require(await iterator.next())
            do {
                try await body(garage, port)
            } catch {
                running.cancel()
                throw error
            }
            await group.triggerGracefulShutdown()
            try await running.value
        }
    }

    @Test func itServesTheAPIAndThePagesOnOnePort() async throws {
        try await serving { _, port in
            for (path, type) in [
                ("/healthz", "application/json"), ("/api/v1/gates", "application/json"), ("/", "text/html"),
                ("/events", "text/html"),
            ] {
                let connection = try RawConnection(port: port)
                try connection.send(
                    "GET \(path) HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\nConnection: close\r\n\r\n")
                let answer = try await connection.read { $0.contains("\r\n\r\n") }
                #expect(answer.hasPrefix("HTTP/1.1 200"))
                #expect(answer.lowercased().contains("content-type: \(type)"))
            }
            let connection = try RawConnection(port: port)
            try connection.send("GET /api/v1/nothing HTTP/1.1\r\nHost: localhost\r\n\r\n")
            let answer = try await connection.read { $0.contains("about:blank") }
            #expect(answer.hasPrefix("HTTP/1.1 404"))
            #expect(answer.contains("application/problem+json"))
        }
    }

    @Test(arguments: [
        ("/", "GET, HEAD, OPTIONS"), ("/events", "GET, HEAD, OPTIONS"), ("/broker", "GET, HEAD, OPTIONS"),
        ("/gates/home.front/commands", "POST, OPTIONS"), ("/sensors/home.dht1/live", "GET, HEAD, OPTIONS"),
    ])
    func aPageNamesItsMethods(path: String, allowed: String) async throws {
        try await serving { _, port in
            func answer(_ method: String) async throws -> String {
                let connection = try RawConnection(port: port)
                try connection.send(
                    "\(method) \(path) HTTP/1.1\r\nHost: localhost\r\nAccept: text/html\r\nConnection: close\r\n\r\n")
                return try await connection.read { $0.contains("\r\n\r\n") }.lowercased()
            }
            let options = try await answer("OPTIONS")
            #expect(options.hasPrefix("http/1.1 204"))
            #expect(options.contains("allow: \(allowed.lowercased())\r\n"))
            let refused = try await answer("DELETE")
            #expect(refused.hasPrefix("http/1.1 405"))
            #expect(refused.contains("allow: \(allowed.lowercased())\r\n"))
            #expect(refused.contains("content-type: text/html"))
            if allowed.contains("HEAD"), !path.hasSuffix("/live") {
                #expect(try await answer("HEAD").hasPrefix("http/1.1 200"))
            }
        }
    }

    @Test func theStreamSendsWhatComesAndResumes() async throws {
        try await serving { garage, port in
            let first = try RawConnection(port: port)
            try first.send("GET /api/v1/events/stream?kind=spot HTTP/1.1\r\nHost: localhost\r\n\r\n")
            let hello = try await first.read { $0.contains("retry: 2000") }
            #expect(hello.hasPrefix("HTTP/1.1 200"))
            #expect(hello.contains("text/event-stream"))
            try await garage.append("gate/home.front", .gateObstructed, at: 6)
            try await garage.append("spot/home.A1", .spotChanged(SpotChanged(occupied: false)), at: 7)
            let live = try await first.read { $0.contains("id: 7\ndata: {") && $0.contains("}\n\n") }
            #expect(live.contains("\"type\":\"spot.freed\""))
            #expect(!live.contains("gate.obstructed"))
            first.close()

            for request in [
                "GET /api/v1/events/stream HTTP/1.1\r\nHost: localhost\r\nLast-Event-ID: 5\r\n\r\n",
                "GET /api/v1/events/stream?after=5 HTTP/1.1\r\nHost: localhost\r\n\r\n",
                "GET /api/v1/events/stream?after=1 HTTP/1.1\r\nHost: localhost\r\nLast-Event-ID: 5\r\n\r\n",
            ] {
                let resumed = try RawConnection(port: port)
                try resumed.send(request)
                let missed = try await resumed.read { $0.contains("id: 7\ndata") }
                #expect(missed.contains("id: 6\ndata: {"))
                #expect(!missed.contains("id: 5\n"))
            }
            let ahead = try RawConnection(port: port)
            try ahead.send("GET /api/v1/events/stream?after=1000 HTTP/1.1\r\nHost: localhost\r\n\r\n")
            let reset = try await ahead.read { $0.contains("event: reset") && $0.contains("\n\n") }
            #expect(reset.contains("id: 7\n"))

            for (target, header) in [("?limit=5", ""), ("?after=-1", ""), ("", "Last-Event-ID: abc\r\n")] {
                let wrong = try RawConnection(port: port)
                try wrong.send("GET /api/v1/events/stream\(target) HTTP/1.1\r\nHost: localhost\r\n\(header)\r\n")
                #expect(try await wrong.read { $0.contains("\r\n\r\n") }.hasPrefix("HTTP/1.1 400"))
            }
        }
    }

    @Test func theStreamShowsThatItIsAlive() async throws {
        try await APIGarage.withViews { garage in
            try await garage.fill()
            var live = garage.views.liveEvents(after: 0, filter: EventFilter(kind: .gate))
            #expect(try await live.next(waitingAtMost: .seconds(1)).map(\.event.position) == [2])
            #expect(try await live.next(waitingAtMost: .milliseconds(5)).isEmpty)
            #expect(live.position == 5)
        }
    }

    /// Open streams do not keep the server from stopping.
    @Test func stoppingEndsTheStreams() async throws {
        let streams = Mutex<[RawConnection]>([])
        let clock = ContinuousClock()
        let begin = Mutex(clock.now)
        try await serving { _, port in
            for path in ["/api/v1/events/stream", "/live", "/events/live"] {
                let stream = try RawConnection(port: port)
                try stream.send("GET \(path) HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n")
                _ = try await stream.read { $0.contains("retry:") }
                streams.withLock { $0.append(stream) }
            }
            begin.withLock { $0 = clock.now }
        }
        // Far below the heartbeat, at whose pace they would end by themselves.
        #expect(begin.withLock { $0 }.duration(to: clock.now) < .seconds(5))
    }

    @Test func aPortInUseIsAnError() async throws {
        try await serving { garage, port in
            let second = try WebServer(
                configuration: .init(host: "127.0.0.1", port: port), views: garage.views, log: garage.log,
                door: garage.door, status: { ServiceStatus(checks: []) }, logger: APIGarage.logger
            )
            await #expect(throws: (any Error).self) { try await second.run() }
        }
    }
}

/// A plain TCP connection, to see an answer while it is still being sent.
final class RawConnection: Sendable {
    struct TimedOut: Error {
        var received: String
    }

    private let descriptor: Int32
    private let isOpen = Mutex(true)

    init(port: Int) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let descriptor = descriptor
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        try #require(result == 0)
    }

    deinit { close() }

    func close() {
        let wasOpen = isOpen.withLock { isOpen in
            defer { isOpen = false }
            return isOpen
        }
        if wasOpen { Foundation.close(descriptor) }
    }

    func send(_ text: String) throws {
        let bytes = Array(text.utf8)
        try #require(Foundation.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count)
    }

    /// Everything received until a condition on it holds.
    func read(until isEnough: (String) -> Bool) async throws -> String {
        var received: [UInt8] = []
        let end = ContinuousClock.now.advanced(by: .seconds(10))
        while ContinuousClock.now < end {
            var buffer = [UInt8](repeating: 0, count: 65_536)
            let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
            if count > 0 { received += buffer[..<count] }
            let text = String(decoding: received, as: UTF8.self)
            if isEnough(text) { return text }
            if count <= 0 { try await Task.sleep(for: .milliseconds(5)) }
        }
        throw TimedOut(received: String(decoding: received, as: UTF8.self))
    }
}
