import MQTTCodec
import Synchronization
import Testing

@testable import Bench

@Suite("Reports")
struct ReportTests {
    private func result(seconds: Double, delivered: Int = 1000) -> PubSubResult {
        PubSubResult(
            load: PubSubLoad(.pairs, publishers: 1, subscribers: 1, qos: .atMostOnce, messages: 1000),
            seconds: seconds, published: 1000, acknowledged: 0, delivered: delivered, duplicates: 0, reordered: 0,
            foreign: 0, fault: nil, latency: nil,
            broker: ProcessUse(cpuSeconds: 0.01, residentBytes: 4096, residentGrowth: 0), generatorSeconds: 0.001)
    }

    @Test("A rate counts what arrived, and CPU time is for each message in or out")
    func figures() {
        let figures = CaseFigures(name: "a", result(seconds: 0.5, delivered: 600))
        #expect(figures.rate == 1200)
        #expect(figures.cpuMicroseconds == 10_000.0 / 1600)
        #expect(figures.remarks == ["400 of 1000 deliveries lost"])
    }

    @Test("The median stands for several runs, and no remark gets lost")
    func median() throws {
        let runs = [result(seconds: 1), result(seconds: 4, delivered: 999), result(seconds: 2)]
        let median = try #require(CaseFigures.median(of: runs.map { CaseFigures(name: "a", $0) }))
        #expect(median.rate == 500)
        #expect(median.remarks == ["1 of 1000 deliveries lost"])
        let two = try #require(CaseFigures.median(of: [1, 2].map { CaseFigures(name: "a", result(seconds: $0)) }))
        #expect(two.rate == 750)
        #expect(CaseFigures.median(of: []) == nil)
    }

    @Test("The table has both servers and their ratio, and remarks below")
    func table() {
        var report = BenchReport(labels: ["one", "other"], rounds: 1)
        report.cases = [
            [
                CaseFigures(name: "a", result(seconds: 0.001)),
                CaseFigures(name: "a", result(seconds: 0.004, delivered: 998)),
            ]
        ]
        #expect(
            report.text == """
                case  figure             one    other  ratio
                a     messages/s   1 000 000  249 500   4.01
                      CPU µs each      5.000    5.005   1.00

                a, one: the load generator's thread was busy all the time; the server may do more
                a, other: 2 of 1000 deliveries lost

                """)
    }

    @Test("Two servers take turns")
    func turns() async throws {
        let said = Mutex<[String]>([])
        let load = PubSubLoad(.pairs, publishers: 1, subscribers: 1, qos: .atLeastOnce, messages: 20)
        let report = try await Responder.run { one in
            try await Responder.run { other in
                let targets = [("A", one), ("B", other)].map { label, port in
                    Comparison.Target(label: label, generator: LoadGenerator(broker: BrokerAddress(port: port)))
                }
                let cases = [
                    BenchCase(name: "x", about: "…", work: .pubSub(load)),
                    BenchCase(name: "y", about: "…", work: .connections(ConnectionsLoad(connections: 3))),
                ]
                return try await Comparison(targets: targets, cases: cases, rounds: 2).run { line in
                    said.withLock { $0.append(String(line.prefix(3))) }
                }
            }
        }
        #expect(said.withLock { $0 } == ["x A", "x B", "x A", "x B", "y A", "y B", "y A", "y B"])
        #expect(report.labels == ["A", "B"] && report.cases.map { $0.map(\.name) } == [["x", "x"], ["y", "y"]])
        #expect(report.cases.allSatisfy { $0.allSatisfy { $0.rate > 0 && $0.remarks.isEmpty } })
    }

    @Test("The cases can be run, also in part, and have names of their own")
    func standard() {
        for benchCase in BenchCase.all + BenchCase.all.map({ $0.divided(by: 10) }) {
            switch benchCase.work {
            case .pubSub(let load): #expect(load.mistake == nil)
            case .connections(let load): #expect(load.mistake == nil)
            case .subscriptions(let load): #expect(load.mistake == nil)
            }
        }
        #expect(Set(BenchCase.all.map(\.name)).count == BenchCase.all.count)
    }
}
