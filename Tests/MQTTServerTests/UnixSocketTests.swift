import Foundation
import MQTTBroker
import MQTTCodec
import MQTTServer
import Testing

@Suite("MQTT over a Unix domain socket", .serialized)
struct UnixSocketTests {
    private let path = NSTemporaryDirectory() + "mqtt-\(UInt32.random(in: 0 ... .max)).sock"

    @Test("Clients connect; only owner and group may; the file goes with the server")
    func connects() async throws {
        let policy = RecordingPolicy()
        try await RunningServer.with(policy: policy) {
            $0.unix = [path]
        } _: { running in
            #expect(running.addresses.unix == [path])
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            #expect(attributes[.posixPermissions] as? Int == 0o660)
            let client = try await WireClient.open(port: 0, unixSocket: path)
            try await client.send(.connect(Connect(version: .v5, clientID: "u")))
            guard case .connack(let connack)? = try await client.next() else {
                Issue.record("no CONNACK")
                return
            }
            #expect(connack.reasonCode == .success)
            #expect(policy.requests.map(\.listener) == ["unix \(path)"])
            #expect(policy.requests.map(\.remoteAddress) == ["unix"])
            // A second server must not take the socket from the first.
            await #expect(throws: MQTTServer.StartError.addressInUse(path)) {
                try await RunningServer.with {
                    $0.unix = [path]
                } _: { _ in
                }
            }
            try await client.send(.pingreq)
            #expect(try await client.next() == .pingresp)
        }
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test("A socket that was left behind is replaced, a file of another kind is not")
    func leftovers() async throws {
        try Data("precious".utf8).write(to: URL(filePath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        await #expect(throws: MQTTServer.StartError.self) {
            try await RunningServer.with {
                $0.unix = [path]
            } _: { _ in
            }
        }
        #expect(FileManager.default.contents(atPath: path) == Data("precious".utf8))
        try FileManager.default.removeItem(atPath: path)
        try abandonSocket(at: path)
        #expect(FileManager.default.fileExists(atPath: path))
        try await RunningServer.with {
            $0.unix = [path]
        } _: { _ in
            let client = try await WireClient.open(port: 0, unixSocket: path)
            try await client.send(.connect(Connect(version: .v5, clientID: "u")))
            #expect(try await client.next() != nil)
        }
    }

    /// Leaves a socket file behind as a process does that was killed.
    private func abandonSocket(at path: String) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [
            "python3", "-c", "import socket,sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])", path,
        ]
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
    }
}
