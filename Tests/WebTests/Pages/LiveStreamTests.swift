import EventLog
import Foundation
import GarageDomain
import ServiceLifecycle
import Testing
import Views

@testable import Web

/// The streams that keep pages up to date, from a real server on a real log.
struct LiveStreamTests {
    private func serving(_ body: @escaping @Sendable (APIGarage, Int) async throws -> Void) async throws {
        try await APIGarage.withViews { garage in
            try await garage.fill()
            let (ports, bound) = AsyncStream<Int>.makeStream()
            let server = try WebServer(
                configuration: .init(host: "127.0.0.1", port: 0), views: garage.views, log: garage.log,
                door: garage.door, status: { ServiceStatus(checks: []) }, logger: APIGarage.logger,
                onBound: { _, port in bound.yield(port) })
            let group = ServiceGroup(
                configuration: .init(services: [server], gracefulShutdownSignals: [], logger: APIGarage.logger))
            let running = Task { try await group.run() }
            var iterator = ports.makeAsyncIterator()
            let port = try #require(await iterator.next())
            do { try await body(garage, port) } catch {
                running.cancel()
                throw error
            }
            await group.triggerGracefulShutdown()
            try await running.value
        }
    }

    private func open(_ path: String, _ port: Int, _ headers: String = "") throws -> RawConnection {
        let connection = try RawConnection(port: port)
        try connection.send("GET \(path) HTTP/1.1\r\nHost: localhost\r\n\(headers)\r\n")
        return connection
    }

    @Test func theLogSendsRowsThatTheFilterLetsThrough() async throws {
        try await serving { garage, port in
            let stream = try open("/events/live?kind=spot", port, "Accept-Language: pt-BR\r\n")
            let hello = try await stream.read { $0.contains("retry: 2000") }
            #expect(hello.hasPrefix("HTTP/1.1 200") && hello.lowercased().contains("text/event-stream"))
            try await garage.append("gate/home.front", .gateObstructed, at: 6)
            try await garage.append("spot/home.A1", .spotChanged(SpotChanged(occupied: false)), at: 7)
            let row = try await stream.read { $0.contains("id: 7\nevent: row\ndata: <li") && $0.contains("</li>\n") }
            #expect(row.contains("está livre"))
            #expect(!row.contains("e6\""))
        }
    }

    @Test func aReaderWhoComesBackMissesNothing() async throws {
        try await serving { garage, port in
            try await garage.append("spot/home.A2", .spotChanged(SpotChanged(occupied: true)), at: 8)
            for (path, headers) in [
                ("/events/live?after=3", ""), ("/events/live", "Last-Event-ID: 3\r\n"),
                ("/events/live?after=1", "Last-Event-ID: 3\r\n"),
            ] {
                let rows = try await open(path, port, headers).read { $0.contains("id: 6\n") }
                // Readings stay hidden, as on the page.
                #expect(!rows.contains("id: 3\n") && !rows.contains("id: 4\n"), "\(path)")
            }
        }
    }

    @Test func theDashboardSendsTheRegionsThatChanged() async throws {
        try await serving { garage, port in
            let stream = try open("/live", port)
            let first = try await stream.read { $0.contains("event: sensors\n") && $0.hasSuffix("\n\n\r\n") }
            #expect(first.contains("event: gates\n") && first.contains("Closed"))
            try await garage.append("gate/home.front", .gateMoved(GateMoved(from: .closed, to: .opening)), at: 9)
            let second = try await stream.read { $0.contains("Opening") }
            #expect(!second.contains("event: sensors\n"))
        }
    }

    @Test func aStreamOfNothingIsNotThere() async throws {
        try await serving { _, port in
            for path in ["/gates/home.none/live", "/sensors/home.none/live", "/gates/x/live"] {
                let answer = try await open(path, port).read { $0.contains("\r\n\r\n") }
                #expect(answer.hasPrefix("HTTP/1.1 404"), "\(path)")
            }
        }
    }

    @Test func everyPageIsMadeFromTheRealViews() async throws {
        try await serving { _, port in
            for path in [
                "/", "/events?readings=1&q=esp1", "/events/2", "/gates/home.front", "/spots", "/sensors/home.dht1",
                "/devices",
            ] {
                let answer = try await open(path, port, "Connection: close\r\n").read { $0.contains("</html>") }
                #expect(answer.hasPrefix("HTTP/1.1 200"), "\(path)")
                #expect(HTMLScan(answer).foreignParts == [], "\(path)")
            }
        }
    }
}
