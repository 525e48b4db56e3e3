import MQTTBroker
import MQTTCodec
import NIOCore
import Testing

@testable import MQTTServer

@Suite("Who may connect, and how often")
struct AdmissionTests {
    private func ledger(connections: Int = 0, rate: Int = 0) -> AddressLedger {
        var limits = AdmissionLimits()
        limits.maximumConnectionsPerAddress = connections
        limits.connectionRatePerAddress = rate
        return AddressLedger(limits: limits)
    }

    private func address(_ text: String) throws -> IPAddress { try #require(IPAddress(text)) }

    @Test("An address has so many connections and no more, until one ends; others have their own")
    func connections() throws {
        var ledger = ledger(connections: 2)
        let one = try address("192.0.2.1")
        #expect(ledger.enter(one, 0) == .admitted)
        #expect(ledger.enter(one, 0) == .admitted)
        #expect(ledger.enter(one, 0) == .tooManyConnections)
        #expect(ledger.enter(try address("192.0.2.2"), 0) == .admitted)
        ledger.leave(one, 1)
        #expect(ledger.enter(one, 2) == .admitted)
        // Loopback is not counted unless that is wanted.
        for _ in 0..<10 { #expect(ledger.enter(try address("127.0.0.1"), 0) == .admitted) }
    }

    @Test("Limits that come while connections last hold for those that were there, and end with them")
    func replaced() throws {
        let one = try address("192.0.2.1")
        var ledger = ledger()
        for _ in 0..<3 { #expect(ledger.enter(one, 0) == .admitted) }
        var limits = AdmissionLimits()
        limits.maximumConnectionsPerAddress = 2
        limits.connectionRatePerAddress = 10
        ledger.replaceLimits(limits)
        #expect(ledger.enter(one, 0) == .tooManyConnections)
        for _ in 0..<2 { ledger.leave(one, 0) }
        #expect(ledger.enter(one, 0) == .admitted)
        #expect(ledger.enter(one, 0) == .tooManyConnections)
        // An address that is left out comes back with all it has.
        limits.exempt.append(try #require(AddressRange("192.0.2.0/24")))
        ledger.replaceLimits(limits)
        for _ in 0..<5 { #expect(ledger.enter(one, 0) == .admitted) }
        limits.exempt.removeLast()
        ledger.replaceLimits(limits)
        for _ in 0..<5 { ledger.leave(one, 0) }
        #expect(ledger.enter(one, 0) == .tooManyConnections)
        ledger.leave(one, 0)
        #expect(ledger.enter(one, 0) == .admitted)
        // Without limits nothing of it is kept.
        ledger.replaceLimits(AdmissionLimits())
        for _ in 0..<2 { ledger.leave(one, 0) }
        #expect(ledger.count == 0)
    }

    @Test("An IPv6 address counts as its network of 64 bits")
    func network() throws {
        var ledger = ledger(connections: 1)
        #expect(ledger.enter(try address("2001:db8::1"), 0) == .admitted)
        #expect(ledger.enter(try address("2001:db8::2"), 0) == .tooManyConnections)
        #expect(ledger.enter(try address("2001:db8:0:1::1"), 0) == .admitted)
    }

    @Test("New connections come at a rate, with twice that after a pause")
    func rate() throws {
        var ledger = ledger(rate: 10)
        let one = try address("192.0.2.1")
        for _ in 0..<20 {
            #expect(ledger.enter(one, 0) == .admitted)
            ledger.leave(one, 0)
        }
        #expect(ledger.enter(one, 0) == .tooFast)
        #expect(ledger.enter(one, 100_000_000) == .admitted)
        #expect(ledger.enter(one, 150_000_000) == .tooFast)
        #expect(ledger.enter(one, 200_000_000) == .admitted)
        for _ in 0..<20 { #expect(ledger.enter(one, 60_000_000_000) == .admitted) }
        #expect(ledger.enter(one, 60_000_000_000) == .tooFast)
    }

    @Test("Addresses that are quiet are forgotten, so that very many do not fill the memory")
    func forgets() {
        var ledger = ledger(connections: 5, rate: 10)
        for number in 0..<UInt64(100_000) {
            let address = IPAddress(high: 0x2001_0DB8_0000_0000 + number, low: 1)
            #expect(ledger.enter(address, number * 1_000_000) == .admitted)
            ledger.leave(address, number * 1_000_000)
        }
        #expect(ledger.count < 10_000)
    }

    @Test(
        "Networks are read as people write them",
        arguments: [
            ("10.0.0.0/8", "10.255.0.1", true), ("10.0.0.0/8", "11.0.0.1", false), ("192.0.2.7", "192.0.2.7", true),
            ("192.0.2.7", "192.0.2.8", false), ("0.0.0.0/0", "203.0.113.9", true), ("0.0.0.0/0", "2001:db8::1", false),
            ("2001:db8::/32", "2001:db8:ffff::1", true), ("2001:db8::/32", "2001:db9::1", false),
            ("::1", "::1", true), ("::/0", "203.0.113.9", true), ("2001:db8::/70", "2001:db8:0:0:300::", true),
            ("2001:db8::/70", "2001:db8:0:0:400::", false),
        ])
    func ranges(range: String, address: String, isInside: Bool) throws {
        let parsed = try #require(AddressRange(range))
        #expect(parsed.contains(try self.address(address)) == isInside)
    }

    @Test(
        "What is no network is refused", arguments: ["", "x", "10.0.0.0/33", "10.0.0.0/-1", "::/129", "10.0.0/8", "/8"])
    func badRanges(text: String) {
        #expect(AddressRange(text) == nil)
    }

    @Test("A server refuses what its ledger refuses, and others still get in")
    func server() async throws {
        try await RunningServer.with {
            $0.admission.maximumConnectionsPerAddress = 3
            $0.admission.exempt = []
        } _: { running in
            var clients: [WireClient] = []
            for number in 0..<3 { clients.append(try await .connect(port: running.port, "c\(number)")) }
            // More than are refused before the listener rests for a moment.
            var late: [WireClient] = []
            for _ in 0..<40 { late.append(try await .open(port: running.port)) }
            for client in late {
                try? await client.send(.connect(Connect(version: .v5, clientID: "late")))
                #expect(try await client.next() == nil)
            }
            #expect(await running.server.statistics().connections == 3)
            await clients[0].close()
            try await eventually {
                let next = try await WireClient.open(port: running.port)
                try? await next.send(.connect(Connect(version: .v5, clientID: "next")))
                return try await next.next() != nil
            }
        }
    }
}
