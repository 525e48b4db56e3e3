import CZlib
import Foundation
import GarageDomain
import Hummingbird
import HummingbirdTesting
import NIOCore
import Testing

@testable import Web

@Suite struct TransportTests {
    private static func unpacked(_ buffer: ByteBuffer) throws -> [UInt8] {
        var input = Array(buffer.readableBytesView)
        var output = [UInt8](repeating: 0, count: 4_000_000)
        var stream = z_stream()
        let count = try input.withUnsafeMutableBufferPointer { source in
            try output.withUnsafeMutableBufferPointer { target in
                stream.next_in = source.baseAddress
                stream.avail_in = UInt32(source.count)
                stream.next_out = target.baseAddress
                stream.avail_out = UInt32(target.count)
                try #require(inflateInit2_(&stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK)
                defer { inflateEnd(&stream) }
                #expect(inflate(&stream, Z_FINISH) == Z_STREAM_END)
                return Int(stream.total_out)
            }
        }
        return Array(output[..<count])
    }

    @Test(arguments: [0, 1, 4095, 4096, 100_000, 1_000_000])
    func whatIsPackedCanBeUnpacked(size: Int) throws {
        let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ ($0 >> 7)) }
        #expect(try Self.unpacked(try #require(Gzip.whole(ByteBuffer(bytes: bytes)))) == bytes)
        let gzip = try #require(Gzip())
        var pieces = ByteBuffer()
        for start in stride(from: 0, to: size, by: 1000) {
            pieces.writeImmutableBuffer(gzip.compress(ByteBuffer(bytes: bytes[start..<min(start + 1000, size)])))
        }
        pieces.writeImmutableBuffer(gzip.finish())
        #expect(try Self.unpacked(pieces) == bytes)
    }

    @Test(arguments: [
        ("gzip", true), ("deflate, gzip;q=0.5", true), ("gzip;q=0", false), ("*", true), ("br", false), ("", false),
        ("*;q=0, gzip", true), ("GZIP", true), ("identity", false),
    ])
    func acceptEncoding(header: String, accepts: Bool) {
        #expect(Compression.accepts(header) == accepts)
    }

    @Test func longAnswersAreCompressedForThoseWhoAsk() async throws {
        try await APIGarage.with { garage in
            for number in 0..<20 { try await garage.append("gate/home.front", .gateObstructed, at: Double(number)) }
            for path in ["/api/v1/events", "/api/v1/events.csv", "/api/v1/events.jsonl"] {
                let plain = try await garage.get(path)
                let packed = try await garage.get(path, [.acceptEncoding: "gzip"])
                #expect(plain.headers[.contentEncoding] == nil)
                #expect(packed.headers[.contentEncoding] == "gzip")
                #expect(packed.headers[.vary]?.contains("Accept-Encoding") == true)
                #expect(packed.body.readableBytes < plain.body.readableBytes / 2)
                #expect(try Self.unpacked(packed.body) == Array(plain.body.readableBytesView))
            }
            let packed = try await garage.get("/api/v1/events", [.acceptEncoding: "gzip"])
            let tag = try #require(packed.headers[.eTag])
            #expect(tag.hasPrefix("W/"))
            let again = try await garage.get("/api/v1/events", [.acceptEncoding: "gzip", .ifNoneMatch: tag])
            #expect(again.status == .notModified)
            #expect(try await garage.get("/healthz", [.acceptEncoding: "gzip"]).headers[.contentEncoding] == nil)
        }
    }

    @Test(arguments: [
        (nil, true), ("127.0.0.1:8080", true), ("[::1]:8080", true), ("localhost", true), ("LocalHost:1", true),
        ("garage.localhost:80", true), ("garage.local:8080", true), ("garage.local.", true), ("evil.example", false),
        ("garage.local.evil.example", false), ("localhost.evil.example:8080", false), ("127.0.0.1.evil.example", false),
        ("192.168.1.10", true),
    ])
    func hosts(authority: String?, isOwn: Bool) {
        #expect(HostGuard(allowed: AllowedNames(["Garage.local"])).isOwn(authority) == isOwn)
        #expect(HostGuard(allowed: AllowedNames(["*"])).isOwn(authority))
    }

    private func answer(
        _ origins: [String], _ method: HTTPRequest.Method, _ uri: String, _ headers: HTTPFields
    ) async throws -> TestResponse {
        let router = Router(context: WebContext.self)
        router.addMiddleware { CrossOrigin(allowed: AllowedNames(origins)) }
        router.get("/api/v1/events") { _, _ in Response(status: .ok) }
        router.get("/events") { _, _ in Response(status: .ok) }
        let application = Application(responder: router.buildResponder(), logger: APIGarage.logger)
        return try await application.test(.router) { client in
            try await client.executeRequest(uri: uri, method: method, headers: headers, body: nil)
        }
    }

    @Test func otherOriginsAreShutOutUnlessListed() async throws {
        let origin: HTTPFields = [.origin: "https://panel.example"]
        let closed = try await answer([], .get, "/api/v1/events", origin)
        #expect(closed.headers[.accessControlAllowOrigin] == nil)
        let listed = try await answer(["https://panel.example"], .get, "/api/v1/events", origin)
        #expect(listed.headers[.accessControlAllowOrigin] == "https://panel.example")
        #expect(listed.headers[.accessControlAllowCredentials] == nil)
        #expect(listed.headers[.vary]?.contains("Origin") == true)
        let other = try await answer(["https://other.example"], .get, "/api/v1/events", origin)
        #expect(other.headers[.accessControlAllowOrigin] == nil)
        let page = try await answer(["*"], .get, "/events", origin)
        #expect(page.headers[.accessControlAllowOrigin] == nil)
        var ask = origin
        ask[.accessControlRequestMethod] = "POST"
        let preflight = try await answer(["*"], .options, "/api/v1/events", ask)
        #expect(preflight.status == .noContent)
        #expect(preflight.headers[.accessControlAllowOrigin] == "*")
        for header in ["Authorization", "Garage-PIN", "Idempotency-Key"] {
            #expect(preflight.headers[.accessControlAllowHeaders]?.contains(header) == true)
        }
    }

    @Test func aBodyThatDoesNotComeIsGivenUp() async throws {
        let (stream, continuation) = AsyncStream<ByteBuffer>.makeStream()
        continuation.yield(ByteBuffer(string: "{"))
        let body = RequestBody(asyncSequence: stream)
        await #expect(throws: Problem.self) { try await body.collected(within: .milliseconds(20)) }
        continuation.finish()
    }

    @Test func keysAreForgottenAfterADay() {
        let cache = IdempotencyCache()
        let key = IdempotencyCache.Key(actor: "ana", text: "k")
        let now = ContinuousClock.now
        #expect(cache.begin(key, [1], at: now) == .new)
        #expect(cache.begin(key, [1], at: now) == .underWay)
        cache.finish(key, 7)
        #expect(cache.begin(key, [1], at: now) == .done(7))
        #expect(cache.begin(key, [2], at: now) == .taken)
        #expect(cache.begin(IdempotencyCache.Key(actor: "bia", text: "k"), [2], at: now) == .new)
        #expect(cache.begin(key, [2], at: now + .seconds(86_401)) == .new)
    }
}
