import Logging
import MQTTBroker
import MQTTCodec
import NIOCore
import NIOPosix
import Testing

@testable import MQTTServer

/// The same behaviour over each of the ways in which bytes come in and go out.
@Suite("Ways to carry bytes", .serialized)
struct TransportTests {
    @Test("A client that reads late gets all and in order", arguments: [true, false], [1, 2])
    func slowReader(usesSystemSockets: Bool, loops: Int) async throws {
        try await RunningServer.with(loops: loops) {
            $0.usesSystemSockets = usesSystemSockets
        } _: { running in
            let reader = try await WireClient.connect(port: running.port, "reader", receiveBuffer: 4096)
            try await reader.subscribe("late/#", qos: .atLeastOnce)
            let writer = try await WireClient.connect(port: running.port, "writer")
            let count = 200
            // More than the sockets and the outbox take together.
            let payload = String(repeating: "x", count: 60_000)
            async let sending: Void = {
                for number in 1...count {
                    try await writer.publish("late/\(number)", payload, qos: .atLeastOnce, id: UInt16(number))
                }
            }()
            for number in 1...count {
                let publish = try await reader.nextPublish()
                #expect(publish?.topic == "late/\(number)")
                if let id = publish?.packetID { try await reader.send(.puback(Acknowledgement(packetID: id))) }
            }
            try await sending
        }
    }

    @Test("The last words reach a client that has not read yet", arguments: [true, false])
    func farewell(usesSystemSockets: Bool) async throws {
        try await RunningServer.with {
            $0.usesSystemSockets = usesSystemSockets
        } _: { running in
            let first = try await WireClient.connect(port: running.port, "same")
            // It still has bytes for the broker when that ends the connection.
            let second = try await WireClient.connect(port: running.port, "same")
            guard case .disconnect(let disconnect)? = try await first.next() else {
                Issue.record("no DISCONNECT")
                return
            }
            #expect(disconnect.reasonCode == .sessionTakenOver)
            #expect(try await first.next() == nil)
            try await second.send(.pingreq)
            #expect(try await second.next() == .pingresp)
        }
    }

    @Test("A thousand connections come and go", arguments: [true, false])
    func many(usesSystemSockets: Bool) async throws {
        try await RunningServer.with(loops: 2) {
            $0.usesSystemSockets = usesSystemSockets
        } _: { running in
            for round in 0..<5 {
                var clients: [WireClient] = []
                for number in 0..<200 {
                    clients.append(try await WireClient.connect(port: running.port, "c\(round)-\(number)"))
                }
                #expect(await running.server.statistics().connections == 200)
                for client in clients { try await client.send(.disconnect(Disconnect())) }
                try await eventually { await running.server.statistics().connections == 0 }
            }
        }
    }

    @Test("A server that nobody holds any longer leaves its port and its thread")
    func abandoned() async throws {
        let group = MultiThreadedEventLoopGroup.singleton
        weak var remembered: MQTTServer?
        let port: Int
        do {
            let server = MQTTServer(
                configuration: .init(tcp: [.init(host: "127.0.0.1", port: 0)]), policy: OpenPolicy(),
                eventLoopGroup: group, logger: Logger(label: "test"))
            port = try await server.start().tcp[0].port
            _ = try await WireClient.connect(port: port, "c")
            remembered = server
        }
        try await eventually {
            if remembered != nil { return false }
            return (try? await WireClient.open(port: port)) == nil
        }
    }
}
