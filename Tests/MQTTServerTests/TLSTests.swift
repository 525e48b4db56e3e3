import Foundation
import MQTTBroker
import MQTTCodec
import MQTTServer
import NIOCore
import NIOSSL
import Testing

@Suite("MQTT over TLS", .serialized)
struct TLSTests {
    private static let local = MQTTServer.HostPort(host: "127.0.0.1", port: 0)

    private func context(
        _ certificates: TestCertificates, identity: String? = nil,
        _ change: (inout TLSConfiguration) -> Void = { _ in }
    ) throws -> NIOSSLContext {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.trustRoots = .file(certificates.authority)
        configuration.certificateVerification = .noHostnameVerification
        if let identity {
            let base = certificates.folder + "/" + identity
            configuration.certificateChain = try NIOSSLCertificate.fromPEMFile(base + ".pem").map { .certificate($0) }
            configuration.privateKey = .privateKey(try NIOSSLPrivateKey(file: base + ".key", format: .pem))
        }
        change(&configuration)
        return try NIOSSLContext(configuration: configuration)
    }

    private func with(
        _ certificates: TestCertificates, clients: TransportSecurity.ClientCertificates = .none,
        minimum: TransportSecurity.MinimumVersion = .tls12, handshakes: Int = 64,
        policy: any BrokerPolicy = OpenPolicy(), _ body: (RunningServer) async throws -> Void
    ) async throws {
        try certificates.make("server", subject: "/CN=localhost", alternativeNames: "DNS:localhost,IP:127.0.0.1")
        try await RunningServer.with(policy: policy) { configuration in
            configuration.tls = [Self.local]
            configuration.secureWebSocket = [Self.local]
            configuration.admission.maximumHandshakes = handshakes
            configuration.security = TransportSecurity(
                certificateFile: certificates.folder + "/server.pem", keyFile: certificates.folder + "/server.key",
                clientAuthorityFile: certificates.authority, clientCertificates: clients, minimumVersion: minimum)
        } _: { running in
            try await body(running)
        }
    }

    private func connect(
        _ running: RunningServer, _ id: String, _ security: NIOSSLContext?
    ) async throws -> ReasonCode? {
        let client = try await WireClient.open(port: running.addresses.tls[0].port, security: security)
        try? await client.send(.connect(Connect(version: .v5, clientID: id)))
        do {
            guard case .connack(let connack)? = try await client.next() else { return nil }
            return connack.reasonCode
        } catch is DecodeError {
            // A client that speaks no TLS is told so in TLS.
            return nil
        }
    }

    @Test("Messages of every size pass through TLS 1.2 and 1.3", arguments: [TLSVersion.tlsv12, .tlsv13])
    func messages(version: TLSVersion) async throws {
        let certificates = try TestCertificates()
        try await with(certificates) { running in
            let security = try context(certificates) {
                $0.minimumTLSVersion = version
                $0.maximumTLSVersion = version
            }
            let port = running.addresses.tls[0].port
            let client = try await WireClient.open(port: port, security: security)
            try await client.send(.connect(Connect(version: .v5, clientID: "a")))
            guard case .connack? = try await client.next() else {
                Issue.record("no CONNACK")
                return
            }
            try await client.subscribe("t")
            for (id, size) in [0, 1, 16_384, 300_000].enumerated() {
                let text = String(repeating: "x", count: size)
                try await client.publish("t", text, qos: .exactlyOnce, id: UInt16(id + 1))
                let received = try await client.nextPublish()
                #expect(received.map { $0.payload.readableBytes } == size)
            }
            await client.close()
        }
    }

    @Test("A client that speaks no TLS, or one that is too old, does not get in")
    func refused() async throws {
        let certificates = try TestCertificates()
        try await with(certificates, minimum: .tls13) { running in
            #expect(try await connect(running, "plain", nil) == nil)
            let old = try context(certificates) { $0.maximumTLSVersion = .tlsv12 }
            #expect(try await connect(running, "old", old) == nil)
            #expect(try await connect(running, "new", try context(certificates)) == .success)
        }
    }

    @Test("A client that is refused reads why before the connection ends")
    func farewell() async throws {
        final class Strict: BrokerPolicy {
            func authenticate(_ request: ConnectRequest) -> Authentication { .refused(.notAuthorized) }
        }
        let certificates = try TestCertificates()
        try await with(certificates, policy: Strict()) { running in
            let client = try await WireClient.open(
                port: running.addresses.tls[0].port, security: try context(certificates))
            try await client.send(.connect(Connect(version: .v5, clientID: "a")))
            guard case .connack(let connack)? = try await client.next() else {
                Issue.record("no CONNACK")
                return
            }
            #expect(connack.reasonCode == .notAuthorized)
            #expect(try await client.next() == nil)
        }
    }

    @Test("The policy hears the name in a client's certificate, and others are let in or not as configured")
    func clientCertificates() async throws {
        let certificates = try TestCertificates()
        try certificates.make("common", subject: "/O=Garage/CN=esp1")
        try certificates.make("dns", subject: "/O=Garage", alternativeNames: "DNS:esp2.local,URI:urn:esp2")
        try certificates.make("uri", subject: "/O=Garage", alternativeNames: "IP:10.0.0.1,URI:urn:esp3")
        let stranger = try TestCertificates()
        try stranger.make("self", subject: "/CN=esp1")
        let policy = RecordingPolicy()
        try await with(certificates, clients: .required, policy: policy) { running in
            for identity in ["common", "dns", "uri"] {
                #expect(
                    try await connect(running, identity, try context(certificates, identity: identity)) == .success)
            }
            #expect(try await connect(running, "none", try context(certificates)) == nil)
            let forged = try context(stranger, identity: "self") { $0.trustRoots = .file(certificates.authority) }
            #expect(try await connect(running, "forged", forged) == nil)
            #expect(policy.requests.map(\.certificateIdentity) == ["esp1", "esp2.local", "urn:esp3"])
            #expect(policy.requests.allSatisfy { $0.listener.hasPrefix("tls ") })
        }
        let relaxed = RecordingPolicy()
        try await with(certificates, clients: .optional, policy: relaxed) { running in
            #expect(try await connect(running, "none", try context(certificates)) == .success)
            #expect(try await connect(running, "common", try context(certificates, identity: "common")) == .success)
            let forged = try context(stranger, identity: "self") { $0.trustRoots = .file(certificates.authority) }
            #expect(try await connect(running, "forged", forged) == nil)
            #expect(relaxed.requests.map(\.certificateIdentity) == [nil, "esp1"])
        }
    }

    @Test("New certificates are for new connections; a file that is wrong changes nothing")
    func reload() async throws {
        let certificates = try TestCertificates()
        try await with(certificates) { running in
            let port = running.addresses.tls[0].port
            let early = try await WireClient.open(port: port, security: try context(certificates))
            try await early.send(.connect(Connect(version: .v5, clientID: "early")))
            guard case .connack? = try await early.next() else {
                Issue.record("no CONNACK")
                return
            }
            // The server goes over to another authority's certificate.
            let other = try TestCertificates()
            try other.make("server", subject: "/CN=localhost")
            for file in ["server.pem", "server.key"] {
                let path = certificates.folder + "/" + file
                try FileManager.default.removeItem(atPath: path)
                try FileManager.default.copyItem(atPath: other.folder + "/" + file, toPath: path)
            }
            try running.server.reloadCertificates()
            #expect(try await connect(running, "stale", try context(certificates)) == nil)
            #expect(try await connect(running, "fresh", try context(other)) == .success)
            try "no certificate".write(
                toFile: certificates.folder + "/server.pem", atomically: true, encoding: .utf8)
            #expect(throws: MQTTServer.StartError.self) { try running.server.reloadCertificates() }
            #expect(try await connect(running, "fresh", try context(other)) == .success)
            try await early.send(.pingreq)
            #expect(try await early.next() == .pingresp)
        }
    }

    @Test("Clients beyond the bound on handshakes wait for a place, and all of them get in")
    func handshakesInTurn() async throws {
        let certificates = try TestCertificates()
        try await with(certificates, handshakes: 1) { running in
            let security = try context(certificates)
            try await withThrowingTaskGroup(of: ReasonCode?.self) { group in
                for number in 0..<20 {
                    group.addTask { try await connect(running, "client\(number)", security) }
                }
                for try await code in group { #expect(code == .success) }
            }
        }
    }

    @Test("Connections that begin no handshake lose their places to those that wait, the oldest first")
    func silentHandshakes() async throws {
        let certificates = try TestCertificates()
        try await with(certificates, handshakes: 2) { running in
            let port = running.addresses.tls[0].port
            let first = try await WireClient.open(port: port)
            let second = try await WireClient.open(port: port)
            // Waits for one place, and gives it back when its handshake is over.
            #expect(try await connect(running, "a", try context(certificates)) == .success)
            #expect(try await first.nextBytes() == nil)
            #expect(try await connect(running, "b", try context(certificates)) == .success)
            // The other was left alone, as nobody needed its place any more.
            try await second.send(bytes: Array("no TLS".utf8))
            #expect(try await second.nextBytes() != nil)
        }
    }

    @Test("Files that are missing or wrong are named, and the server does not start")
    func wrongFiles() async throws {
        let certificates = try TestCertificates()
        try certificates.make("server", subject: "/CN=localhost")
        try certificates.make("other", subject: "/CN=localhost")
        let folder = certificates.folder
        let cases = [
            ("nowhere.pem", "server.key", "nowhere.pem"), ("server.pem", "nowhere.key", "nowhere.key"),
            ("server.key", "server.key", "server.key"), ("server.pem", "other.key", "other.key"),
        ]
        for (certificate, key, named) in cases {
            do {
                try await RunningServer.with {
                    $0.tls = [Self.local]
                    $0.security = TransportSecurity(
                        certificateFile: "\(folder)/\(certificate)", keyFile: "\(folder)/\(key)")
                } _: { _ in
                }
                Issue.record("started with \(certificate) and \(key)")
            } catch let error as MQTTServer.StartError {
                #expect("\(error)".contains(named), "\(error)")
            }
        }
    }
}
