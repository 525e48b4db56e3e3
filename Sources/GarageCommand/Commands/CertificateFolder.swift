import Access
import ArgumentParser
import Certificates
import Foundation

/// The folder of the data folder in which the authority and the certificates lie.
struct CertificateFolder {
    static let name = "certificates"
    private static let authorityName = "authority"
    private static let serverName = "server"

    let path: String
    private let dataFolder: String

    init(dataFolder: String) {
        self.dataFolder = dataFolder
        path = dataFolder + "/" + Self.name
    }

    /// Makes the folder if it is missing.
    static func make(in dataFolder: String) throws {
        let path = dataFolder + "/" + name
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch { throw Failure("'\(path)' can't be made: \(error.localizedDescription)") }
        OwnerFile.give([name], toOwnerOf: dataFolder)
    }

    /// Makes the folder and an authority in it. Throws a ``Failure`` if there is one: its certificates would be void.
    func makeAuthority(named name: String) throws -> LocalAuthority {
        try Self.make(in: dataFolder)
        guard !FileManager.default.fileExists(atPath: path + "/authority.key") else {
            throw Failure(
                "there is an authority in '\(path)' already; 'garage certificates server' makes a new server certificate"
            )
        }
        do {
            let authority = try LocalAuthority(named: name, now: Date())
            try write(authority.identity, as: Self.authorityName)
            return authority
        } catch let failure as Failure {
            throw failure
        } catch { throw Failure("the authority can't be made: \(error)") }
    }

    /// The authority that was made before.
    func authority() throws -> LocalAuthority {
        guard let certificate = try? String(contentsOfFile: path + "/authority.pem", encoding: .utf8),
            let key = try? String(contentsOfFile: path + "/authority.key", encoding: .utf8)
        else { throw Failure("there is no authority in '\(path)'; make one with 'garage certificates init'") }
        do {
            return try LocalAuthority(certificatePEM: certificate, keyPEM: key)
        } catch { throw Failure("\(error) in '\(path)'") }
    }

    /// Throws if a certificate of that name could not be kept beside the others, or would be refused by the service.
    func checkDevice(_ name: String) throws {
        guard name.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F && $0 != UInt8(ascii: "/") }), !name.isEmpty,
            !name.hasPrefix(".")
        else { throw ValidationError("'\(name)' can't be a device's name") }
        guard name != Self.authorityName, name != Self.serverName else {
            throw ValidationError("'\(name)' can't be a device's name: the files of that name are the service's own")
        }
        guard try !DeviceCredentials(folder: dataFolder).revoked.contains(name) else {
            throw Failure(
                "a device '\(name)' was removed, and certificates of that name are refused for good; take another name")
        }
    }

    func writeServer(_ identity: LocalAuthority.Identity) throws { try write(identity, as: Self.serverName) }

    /// Writes `NAME.pem` and, for its owner only, `NAME.key`.
    func write(_ identity: LocalAuthority.Identity, as name: String) throws {
        let certificate = try identity.certificatePEM()
        guard OwnerFile.replace("\(path)/\(name).key", with: Data(identity.keyPEM.utf8)),
            OwnerFile.replace("\(path)/\(name).pem", with: Data(certificate.utf8), mode: 0o644)
        else { throw Failure("'\(path)/\(name).pem' can't be written") }
    }
}
