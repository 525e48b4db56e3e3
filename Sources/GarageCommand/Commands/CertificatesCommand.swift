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
            CertificateFolder(dataFolder: try await options.load().dataDirectory)
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
            try folder.writeServer(try certificate { try authority.server(names: host, now: Date()) })
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
            try folder.writeServer(try certificate { try authority.server(names: host, now: Date()) })
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
            try folder.checkDevice(name)
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
