public import Crypto
public import Foundation
import SwiftASN1
public import X509

/// A certificate authority of one's own, which signs the certificates of the server and of devices (RFC 5280). Keys are
/// P-256.
public struct LocalAuthority: Sendable {
    /// A certificate and its private key.
    public struct Identity: Sendable {
        public let certificate: Certificate
        public let key: P256.Signing.PrivateKey

        /// The certificate in PEM form.
        public func certificatePEM() throws -> String { try certificate.serializeAsPEM().pemString + "\n" }

        /// The private key in PEM form. A secret.
        public var keyPEM: String { key.pemRepresentation + "\n" }
    }

    /// Why a certificate can't be made.
    public enum Failure: Error, Sendable, Hashable, CustomStringConvertible {
        case noNames
        case badName(String)
        case unreadable

        public var description: String {
            switch self {
            case .noNames: "a server's certificate needs at least one host name or address"
            case .badName(let name): "'\(name)' is neither a host name nor an IP address"
            case .unreadable: "the authority's certificate and key can't be read"
            }
        }
    }

    public let identity: Identity

    /// How long certificates hold, in days.
    private static let authorityDays = 3650
    private static let serverDays = 825
    private static let deviceDays = 1825
    /// Clocks of small devices are often behind.
    private static let leeway: TimeInterval = -86_400

    /// Makes a new authority with a new key.
    /// - Parameter name: what people see as its name.
    public init(named name: String, now: Date) throws {
        let key = P256.Signing.PrivateKey()
        let subject = try DistinguishedName {
            CommonName(name)
            OrganizationName("garage")
        }
        let certificate = try Certificate(
            version: .v3, serialNumber: .init(), publicKey: .init(key.publicKey),
            notValidBefore: now.addingTimeInterval(Self.leeway), notValidAfter: now.adding(days: Self.authorityDays),
            issuer: subject, subject: subject, signatureAlgorithm: .ecdsaWithSHA256,
            extensions: Certificate.Extensions {
                Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
                Critical(KeyUsage(keyCertSign: true, cRLSign: true))
                SubjectKeyIdentifier(hash: .init(key.publicKey))
            },
            issuerPrivateKey: .init(key))
        identity = Identity(certificate: certificate, key: key)
    }

    /// Reads an authority that was made before. Throws ``Failure/unreadable``.
    public init(certificatePEM: String, keyPEM: String) throws(Failure) {
        guard let certificate = try? Certificate(pemEncoded: certificatePEM),
            let key = try? P256.Signing.PrivateKey(pemRepresentation: keyPEM),
            certificate.publicKey == Certificate.PublicKey(key.publicKey)
        else { throw .unreadable }
        identity = Identity(certificate: certificate, key: key)
    }

    /// A certificate for a server that clients reach under these host names and addresses.
    public func server(names: [String], now: Date) throws -> Identity {
        guard let first = names.first else { throw Failure.noNames }
        return try sign(
            commonName: first, days: Self.serverDays, usage: .serverAuth, alternatives: try names.map(Self.alternative),
            now: now)
    }

    /// A certificate with which a device shows that it is `name`.
    public func device(named name: String, now: Date) throws -> Identity {
        try sign(commonName: name, days: Self.deviceDays, usage: .clientAuth, alternatives: [], now: now)
    }

    private func sign(
        commonName: String, days: Int, usage: ExtendedKeyUsage.Usage, alternatives: [GeneralName], now: Date
    ) throws -> Identity {
        let key = P256.Signing.PrivateKey()
        let authority = identity
        let certificate = try Certificate(
            version: .v3, serialNumber: .init(), publicKey: .init(key.publicKey),
            notValidBefore: now.addingTimeInterval(Self.leeway), notValidAfter: now.adding(days: days),
            issuer: authority.certificate.subject,
            subject: try DistinguishedName { CommonName(commonName) }, signatureAlgorithm: .ecdsaWithSHA256,
            extensions: Certificate.Extensions {
                Critical(BasicConstraints.notCertificateAuthority)
                Critical(KeyUsage(digitalSignature: true))
                try ExtendedKeyUsage([usage])
                SubjectKeyIdentifier(hash: .init(key.publicKey))
                AuthorityKeyIdentifier(
                    keyIdentifier: SubjectKeyIdentifier(hash: .init(authority.key.publicKey)).keyIdentifier)
                if !alternatives.isEmpty { SubjectAlternativeNames(alternatives) }
            },
            issuerPrivateKey: .init(authority.key))
        return Identity(certificate: certificate, key: key)
    }

    private static func alternative(_ name: String) throws -> GeneralName {
        if let bytes = addressBytes(name) { return .ipAddress(ASN1OctetString(contentBytes: bytes[...])) }
        let labels = name.split(separator: ".", omittingEmptySubsequences: false)
        let isHostName =
            name.utf8.count <= 253
            && labels.enumerated().allSatisfy { index, label in
                (index == 0 && label == "*" && labels.count > 1)
                    || ((1...63).contains(label.utf8.count)
                        && label.utf8.allSatisfy { byte in
                            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
                                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: "-")
                        })
            }
        guard isHostName else { throw Failure.badName(name) }
        return .dnsName(name)
    }

    /// The bytes of an IPv4 or IPv6 address; `nil` if the text is neither.
    private static func addressBytes(_ text: String) -> [UInt8]? {
        var four = in_addr()
        if inet_pton(AF_INET, text, &four) == 1 { return withUnsafeBytes(of: four) { Array($0) } }
        var six = in6_addr()
        if inet_pton(AF_INET6, text, &six) == 1 { return withUnsafeBytes(of: six) { Array($0) } }
        return nil
    }
}

extension Date {
    fileprivate func adding(days: Int) -> Date { addingTimeInterval(Double(days) * 86_400) }
}
