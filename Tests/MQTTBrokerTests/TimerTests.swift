import MQTTCodec
import NIOCore
import Testing

@testable import MQTTBroker

@Suite("Timers")
struct TimerTests {
    @Test("Clients who come and go leave no timers behind, and those that hold are kept")
    func bounded() {
        let broker = TestBroker()
        let watcher = broker.subscriber("w", "will/#")
        let late = Will(
            topic: "will/late", payload: ByteBuffer(string: "late"), properties: [.willDelayInterval(50_000)])
        broker.connect("l", clean: false, will: late, [.sessionExpiryInterval(60_000)]).cut()
        let slow = broker.connect("k", keepAlive: 40_000)
        for number in 0..<5000 {
            let will = Will(
                topic: "will/\(number)", payload: ByteBuffer(string: "x"), properties: [.willDelayInterval(70_000)])
            broker.connect(
                "c\(number % 10)", clean: false, keepAlive: 60_000, will: will, [.sessionExpiryInterval(90_000)]
            ).cut()
            broker.advance(seconds: 0.001)
        }
        #expect(broker.cores[0].shard.pointee.timers.count <= 1024)
        broker.advance(seconds: 59_980)
        #expect(watcher.takeTexts() == ["late"])
        broker.advance(seconds: 30)
        #expect(slow.isClosed)
        #expect(broker.statistics.sessionsExpired == 1)
        broker.advance(seconds: 10_000)
        #expect(watcher.takeTexts().count == 10)
        broker.advance(seconds: 20_000)
        #expect(broker.statistics.sessionsExpired == 11)
    }
}
