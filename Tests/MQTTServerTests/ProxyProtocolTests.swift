import MQTTBroker
import MQTTCodec
import NIOCore
import Testing

@testable import MQTTServer

@Suite("PROXY protocol of MQTT listeners", .serialized)
struct ProxyProtocolTests {
    private static let signature: [UInt8] = [0x0D, 0x0A, 0x0D, 0x0A, 0, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A]
    private static let v4 = signature + [0x21, 0x11, 0, 12, 203, 0, 113, 9, 10, 0, 0, 1, 0xC3, 0x50, 0x07, 0x5B]

    @Test("The policy sees the address that the balancer names, also when the header comes in pieces")
    func through() async throws {
        let policy = RecordingPolicy()
        try await RunningServer.with(policy: policy) {
            $0.proxyProtocol = [.tcp]
            $0.trustedProxies = AddressRange.loopback
        } _: { running in
            let client = try await WireClient.open(port: running.port)
            for byte in Self.v4 { try await client.send(bytes: [byte]) }
            try await client.send(.connect(Connect(version: .v5, clientID: "a")))
            guard case .connack? = try await client.next() else {
                Issue.record("no CONNACK")
                return
            }
            let together = try await WireClient.open(port: running.port, preface: Self.v4)
            try await together.send(.connect(Connect(version: .v5, clientID: "b")))
            #expect(try await together.next() != nil)
            #expect(policy.requests.map(\.remoteAddress) == ["203.0.113.9:50000", "203.0.113.9:50000"])
            let bare = try await WireClient.open(port: running.port)
            try? await bare.send(.connect(Connect(version: .v5, clientID: "c")))
            #expect(try await bare.next() == nil)
        }
    }

    @Test("Balancers may be trusted, and not be any more, while the server runs")
    func replaced() async throws {
        try await RunningServer.with {
            $0.proxyProtocol = [.tcp]
            $0.trustedProxies = []
        } _: { running in
            for trusted in [[], AddressRange.loopback, []] {
                var new = MQTTServer.Configuration()
                new.trustedProxies = trusted
                running.server.adopt(new)
                let client = try await WireClient.open(port: running.port, preface: Self.v4)
                try? await client.send(.connect(Connect(version: .v5, clientID: "a")))
                #expect((try await client.next() != nil) == !trusted.isEmpty)
            }
        }
    }

    @Test("Only trusted addresses may put a header in front")
    func untrusted() async throws {
        let policy = RecordingPolicy()
        try await RunningServer.with(policy: policy) {
            $0.proxyProtocol = [.tcp]
            $0.trustedProxies = [AddressRange("10.0.0.0/8")].compactMap { $0 }
        } _: { running in
            let client = try await WireClient.open(port: running.port, preface: Self.v4)
            try? await client.send(.connect(Connect(version: .v5, clientID: "a")))
            #expect(try await client.next() == nil)
            #expect(policy.requests.isEmpty)
        }
    }
}
