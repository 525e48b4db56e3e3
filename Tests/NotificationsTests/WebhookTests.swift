import Crypto
import EventLog
import Foundation
import GarageDomain
import GarageEvents
import Logging
import Synchronization
import Testing

@testable import Notifications

@Suite struct WebhookTests {
    /// A receiver that answers with what it is told to.
    private final class Receiver: Sendable {
        struct State: Sendable {
            var posts: [WebhookPost] = []
            var status = 204
        }
        let state = Mutex(State())
        var posts: [WebhookPost] { state.withLock { $0.posts } }
        func answer(_ status: Int) { state.withLock { $0.status = status } }
        func take(_ post: WebhookPost) -> Int {
            state.withLock {
                $0.posts.append(post)
                return $0.status
            }
        }
    }

    /// A clock that stands until it is moved.
    private final class VirtualClock: Sendable {
        private let time = Mutex<Int64>(1_700_000_000_000_000)
        var now: Int64 { time.withLock { $0 } }
        func advance(seconds: Int64) { time.withLock { $0 += seconds * 1_000_000 } }
    }

    private let folder: String
    private let log: EventLog
    private let receiver = Receiver()
    private let clock = VirtualClock()

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        log = try EventLog.open(directory: folder, clock: { 1_700_000_000_000_000 })
    }

    private func append(_ body: EventBody) async throws {
        let home = Name(nearest: "home")
        let event = EventCoding.encode(
            DomainEvent(Subject(garage: home, kind: .gate, name: home), body), id: EventID.make(at: 1), time: 1,
            metadata: EventMetadata(actor: "esp1", channel: "device"))
        _ = try await log.append(AppendRequest(events: [event]))
    }

    private func alert(_ text: String) -> EventBody { .alertRaised(Alert(condition: "obstructed", text: text)) }

    /// Runs a notifier while `body` runs.
    private func notifying(_ body: (Outbox) async throws -> Void) async throws {
        let outbox = try Outbox(directory: folder, head: log.head)
        let notifier = WebhookNotifier(
            log: log, outbox: outbox,
            target: { [receiver] in
                .init(url: "http://x", secret: "secret", transport: { receiver.take($0) })
            },
            clock: { [clock] in clock.now }, logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }),
            pause: .milliseconds(5), body: { $0.data })
        let task = Task { try await notifier.run() }
        do { try await body(outbox) } catch {
            task.cancel()
            throw error
        }
        task.cancel()
        try await task.value
    }

    private func eventually(_ what: Comment, _ condition: () throws -> Bool) async throws {
        for _ in 0..<1000 {
            if try condition() { return }
            try await Task.sleep(for: .milliseconds(5))
        }
        Issue.record(what)
    }

    private func finish() async {
        await log.close()
        try? FileManager.default.removeItem(atPath: folder)
    }

    private var texts: [String] {
        receiver.posts.map { String(decoding: $0.body, as: UTF8.self) }.compactMap {
            $0.split(separator: "\"").dropLast().last.map(String.init)
        }
    }

    @Test func alertsArePostedInOrderAndSigned() async throws {
        try await append(alert("before"))
        try await notifying { _ in
            try await append(alert("first"))
            try await append(.noteAdded(Note(text: "no alert")))
            try await append(.alertCleared(Alert(condition: "obstructed", text: "second")))
            try await eventually("both") { receiver.posts.count == 2 }
        }
        #expect(texts == ["first", "second"], "and nothing from before the webhook was set up")
        let post = try #require(receiver.posts.first)
        var message = Array("1700000000.".utf8)
        message += post.body
        let code = HMAC<SHA256>.authenticationCode(for: message, using: SymmetricKey(data: Array("secret".utf8)))
        let hexadecimal = code.map { String(format: "%02x", $0) }.joined()
        #expect(post.headers["Garage-Signature"] == "t=1700000000,v1=\(hexadecimal)")
        await finish()
    }

    @Test func whatFailsIsTriedAgainWithPausesAndKeepsItsPlace() async throws {
        receiver.answer(500)
        try await notifying { outbox in
            try await append(alert("first"))
            try await append(alert("second"))
            try await eventually("the first attempt") { try outbox.oldest()?.attempts == 1 }
            clock.advance(seconds: 5)
            try await eventually("the second attempt") { try outbox.oldest()?.attempts == 2 }
            receiver.answer(200)
            clock.advance(seconds: 10)
            try await eventually("the rest") { receiver.posts.count == 4 }
        }
        #expect(texts == ["first", "first", "first", "second"])
        await finish()
    }

    @Test func aRestartNeitherLosesNorRepeats() async throws {
        try await notifying { outbox in
            try await append(alert("first"))
            try await eventually("the first") { receiver.posts.count == 1 }
            receiver.answer(503)
            try await append(alert("second"))
            try await eventually("the second in vain") { try outbox.oldest()?.attempts == 1 }
        }
        receiver.answer(200)
        clock.advance(seconds: 3600)
        // What is told while nobody listens is found in the log.
        try await append(alert("third"))
        try await notifying { _ in try await eventually("the rest") { receiver.posts.count == 4 } }
        #expect(texts == ["first", "second", "second", "third"])
        await finish()
    }

    @Test func aClockThatIsPutRightNeitherEndsNorDelaysAMessage() throws {
        let day: Int64 = 86_400_000_000
        let delivery = Delivery(position: 1, id: "a", body: [], since: 10 * day)
        let afterLeap = try #require(delivery.failed(at: 2000 * day))
        #expect(!afterLeap.isDue(at: 2000 * day) && afterLeap.isDue(at: 2000 * day + 5_000_000))
        #expect(afterLeap.isDue(at: 1000 * day), "the clock was ahead and is right again")
        var last: Delivery? = delivery
        var attempts = 0
        while let next = last?.failed(at: 2000 * day) { (last, attempts) = (next, attempts + 1) }
        #expect(attempts == 19)
    }

    @Test func afterAnOlderLogWasPutBackWhatComesNextIsTold() async throws {
        try await append(alert("first"))
        let ahead = try Outbox(directory: folder, head: log.head)
        try ahead.add([Delivery(position: 50, id: "gone", body: [], since: 0)], cursor: 50)
        try await notifying { outbox in
            #expect(try outbox.count() == 0 && outbox.cursor() == log.head)
            try await append(alert("second"))
            try await eventually("the next alert") { receiver.posts.count == 1 }
        }
        #expect(texts == ["second"])
        await finish()
    }

    @Test func afterADayItIsGivenUp() throws {
        var delivery = Delivery(position: 1, id: "a", body: [], since: 0)
        var now: Int64 = 0
        var pauses: [Int64] = []
        while let next = delivery.failed(at: now) {
            pauses.append((next.due - now) / 1_000_000)
            now = next.due
            delivery = next
        }
        #expect(pauses.prefix(4) == [5, 10, 20, 40])
        #expect(pauses.max() == 3600)
        #expect(now >= Delivery.lifetimeSeconds * 1_000_000)
        #expect(pauses.count < 50)
    }
}
