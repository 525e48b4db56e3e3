import Certificates
import Foundation
import Testing
@_spi(FixedExpiryValidationTime) import X509

@Suite("The local certificate authority")
struct LocalAuthorityTests {
    private let now = Date(timeIntervalSince1970: 1_800_000_000)

    private func verify(
        _ leaf: Certificate, _ authority: LocalAuthority, at time: Date, policy: ServerIdentityPolicy? = nil
    )
        async -> Bool
    {
        var verifier = Verifier(rootCertificates: CertificateStore([authority.identity.certificate])) {
            RFC5280Policy(fixedExpiryValidationTime: time)
            if let policy { policy }
        }
        if case .validCertificate = await verifier.validate(leaf: leaf, intermediates: CertificateStore()) {
            return true
        }
        return false
    }

    @Test("A server's certificate holds for its names and addresses, and for no others")
    func server() async throws {
        let authority = try LocalAuthority(named: "garage test", now: now)
        let server = try authority.server(names: ["garage.local", "192.168.1.10", "::1"], now: now)
        func holds(host: String? = nil, address: String? = nil) async -> Bool {
            await verify(
                server.certificate, authority, at: now,
                policy: ServerIdentityPolicy(serverHostname: host, serverIP: address))
        }
        #expect(await holds(host: "garage.local"))
        #expect(await holds(address: "192.168.1.10"))
        #expect(await !holds(host: "other.local"))
        #expect(await !holds(address: "192.168.1.11"))
    }

    @Test("A certificate ends, and another authority's is not taken")
    func expiryAndStrangers() async throws {
        let authority = try LocalAuthority(named: "garage test", now: now)
        let device = try authority.device(named: "esp1", now: now)
        #expect(await verify(device.certificate, authority, at: now))
        #expect(await !verify(device.certificate, authority, at: now.addingTimeInterval(86_400 * 1826)))
        let stranger = try LocalAuthority(named: "garage test", now: now)
        #expect(await !verify(device.certificate, stranger, at: now))
        let usage = try #require(try device.certificate.extensions.extendedKeyUsage)
        #expect(Array(usage) == [.clientAuth])
    }

    @Test("An authority is read back from its PEM text")
    func roundTrip() async throws {
        let made = try LocalAuthority(named: "garage test", now: now)
        let read = try LocalAuthority(
            certificatePEM: try made.identity.certificatePEM(), keyPEM: made.identity.keyPEM)
        let device = try read.device(named: "esp1", now: now)
        #expect(await verify(device.certificate, made, at: now))
        let other = try LocalAuthority(named: "garage test", now: now)
        #expect(throws: LocalAuthority.Failure.unreadable) {
            try LocalAuthority(certificatePEM: try made.identity.certificatePEM(), keyPEM: other.identity.keyPEM)
        }
    }

    @Test("What is no host name is refused", arguments: ["", "a b", "-x/y", "host:1883", "ex ample.org", "a..b"])
    func badNames(name: String) throws {
        let authority = try LocalAuthority(named: "garage test", now: now)
        #expect(throws: LocalAuthority.Failure.badName(name)) { try authority.server(names: [name], now: now) }
    }
}
