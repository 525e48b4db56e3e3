import ArgumentParser
import Certificates
import Foundation
import GarageConfiguration

/// `garage certificates init|server|device`
struct CertificatesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "certificates",
        abstract: "Makes a certificate authority of your own, and certificates for the server and for devices.",
        discussion: """
            For a network without a public name. Make the authority and the server's certificate once:

              garage certificates init --host garage.local --host 192.168.1.10

            Devices and browsers then trust the file authority.pem. A device that signs in with a certificate instead of
            a password gets its own:

              garage certificates device esp1
            """,
        subcommands: [Init.self, Server.self, Device.self]
    )

    struct FolderOptions: ParsableArguments {
        @OptionGroup var options: ConfigurationOptions

        /// The folder `certificates` of the data folder.
        func folder() async throws -> CertificateFolder {
            CertificateFolder(path: try await options.load().dataDirectory + "/certificates")
        }
    }

    struct Init: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes the authority, and a certificate for this server.")
        @Option(
            name: .long,
            help: ArgumentHelp("A name or address under which clients reach the server.", valueName: "host"))
        var host: [String] = ["localhost", "127.0.0.1"]
        @OptionGroup var folderOptions: FolderOptions

        func run() async throws {
            let folder = try await folderOptions.folder()
            let authority = try folder.makeAuthority(named: "garage on \(ProcessInfo.processInfo.hostName)")
            try folder.write(try certificate { try authority.server(names: host, now: Date()) }, as: "server")
            print(
                """
                Made in \(folder.path):
                  authority.pem   give this to devices and browsers; they then trust the server
                  authority.key   keep it secret; it signs everything
                  server.pem, server.key

                Put into garage.yaml:
                  mqtt:
                    tls:
                      listen: 0.0.0.0:8883
                      certificate: \(folder.path)/server.pem
                      key: \(folder.path)/server.key
                """)
        }
    }

    struct Server: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes a new certificate for the server, with the authority that is there.")
        @Option(
            name: .long,
            help: ArgumentHelp("A name or address under which clients reach the server.", valueName: "host"))
        var host: [String]
        @OptionGroup var folderOptions: FolderOptions

        func run() async throws {
            let folder = try await folderOptions.folder()
            let authority = try folder.authority()
            try folder.write(try certificate { try authority.server(names: host, now: Date()) }, as: "server")
            print("\(folder.path)/server.pem is new. A running service takes it on SIGHUP.")
        }
    }

    struct Device: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Makes a certificate with which a device signs in.")
        @Argument(help: "The device's name.") var name: String
        @OptionGroup var folderOptions: FolderOptions

        func run() async throws {
            let folder = try await folderOptions.folder()
            let authority = try folder.authority()
            guard name.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F && $0 != UInt8(ascii: "/") }), !name.isEmpty,
                !name.hasPrefix(".")
            else { throw ValidationError("'\(name)' can't be a device's name") }
            try folder.write(try certificate { try authority.device(named: name, now: Date()) }, as: name)
            print("\(folder.path)/\(name).pem and \(name).key are for the device; delete them here when it has them.")
        }
    }
}

private func certificate(_ body: () throws -> LocalAuthority.Identity) throws -> LocalAuthority.Identity {
    do {
        return try body()
    } catch { throw Failure("\(error)") }
}

/// The folder in which the authority and the certificates lie.
struct CertificateFolder {
    let path: String

    /// Makes the folder and an authority in it. Throws a ``Failure`` if there is one: its certificates would be void.
    func makeAuthority(named name: String) throws -> LocalAuthority {
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch { throw Failure("'\(path)' can't be made: \(error.localizedDescription)") }
        guard !FileManager.default.fileExists(atPath: path + "/authority.key") else {
            throw Failure(
                "there is an authority in '\(path)' already; 'garage certificates server' makes a new server certificate"
            )
        }
        do {
            let authority = try LocalAuthority(named: name, now: Date())
            try write(authority.identity, as: "authority")
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

    /// Writes `NAME.pem` and, for its owner only, `NAME.key`.
    func write(_ identity: LocalAuthority.Identity, as name: String) throws {
        do {
            try write(identity.keyPEM, to: name + ".key", mode: 0o600)
            try write(try identity.certificatePEM(), to: name + ".pem", mode: 0o644)
        } catch { throw Failure("'\(path)/\(name).pem' can't be written: \(error.localizedDescription)") }
    }

    private func write(_ text: String, to file: String, mode: Int) throws {
        let path = path + "/" + file
        // Never readable by others, not even for a moment.
        try? FileManager.default.removeItem(atPath: path)
        guard
            FileManager.default.createFile(
                atPath: path, contents: Data(), attributes: [.posixPermissions: mode])
        else { throw CocoaError(.fileWriteNoPermission) }
        let handle = try FileHandle(forWritingTo: URL(filePath: path))
        try handle.write(contentsOf: Data(text.utf8))
        try handle.close()
    }
}
