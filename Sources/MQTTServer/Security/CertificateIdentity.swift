import NIOCore
import NIOSSL
import SwiftASN1
import X509

/// Who a client's certificate says that it is.
enum CertificateIdentity {
    /// The name in the certificate that was shown on a connection with TLS.
    static func name(shownOn context: ChannelHandlerContext) -> String? {
        guard let security = try? context.pipeline.syncOperations.handler(type: NIOSSLServerHandler.self),
            let bytes = try? security.peerCertificate?.toDERBytes()
        else { return nil }
        return name(fromDER: bytes)
    }

    /// The common name of the subject; without one, the first DNS name or URI among the alternative names; `nil` if
    /// there is none of these, or if the name is empty, over 256 bytes or holds control characters.
    static func name(fromDER bytes: [UInt8]) -> String? {
        guard let certificate = try? Certificate(derEncoded: bytes) else { return nil }
        return (commonName(certificate) ?? alternativeName(certificate)).flatMap { isUsable($0) ? $0 : nil }
    }

    private static func commonName(_ certificate: Certificate) -> String? {
        for relative in certificate.subject {
            for attribute in relative where attribute.type == .RDNAttributeType.commonName {
                return String(attribute.value)
            }
        }
        return nil
    }

    private static func alternativeName(_ certificate: Certificate) -> String? {
        guard let names = try? certificate.extensions.subjectAlternativeNames else { return nil }
        for name in names {
            switch name {
            case .dnsName(let name), .uniformResourceIdentifier(let name): return name
            default: continue
            }
        }
        return nil
    }

    private static func isUsable(_ name: String) -> Bool {
        !name.isEmpty && name.utf8.count <= 256 && name.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
    }
}
