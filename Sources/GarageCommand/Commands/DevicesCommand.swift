import Access
import ArgumentParser
import Foundation
import GarageConfiguration
import GarageDomain

/// `garage devices add|list|remove`
struct DevicesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "devices",
        abstract: "Manages the devices that may connect from the network.",
        discussion: """
            On loopback anyone may connect. As soon as the broker listens on another address, each device needs a name
            and a password of its own:

              garage devices add esp1

            A device may publish on topics that bear its name, for example garage/home/sensor/esp1/temperature, and on those
            that --topic names. A running service takes every change within a second.
            """,
        subcommands: [Add.self, List.self, Remove.self, Explain.self]
    )

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Adds a device and prints its password, once.")

        @Argument(help: "The device's name: letters, digits, '_' and '-', at most 64.") var name: String
        @Option(
            help: ArgumentHelp("A topic filter that it may use beside those that bear its name.", valueName: "filter"))
        var topic: [String] = []
        @OptionGroup var options: ConfigurationOptions

        func validate() throws {
            guard Name(name) != nil else {
                throw ValidationError("'\(name)' can't be a device's name: use 1 to 64 letters, digits, '_' and '-'")
            }
            if let wrong = topic.first(where: { TopicPattern($0) == nil }) {
                throw ValidationError("'\(wrong)' is not a topic filter")
            }
        }

        func run() async throws {
            let folder = try await options.load().dataDirectory
            try DevicesCommand.makeFolder(folder)
            let password = try DevicesCommand.change(folder) {
                try $0.add(name, topics: topic, at: Int64(Date().timeIntervalSince1970))
            }
            print(
                """
                Device '\(name)' may connect. Put this in its firmware:

                  user name  \(name)
                  password   \(password)

                The password is not stored and can't be shown again.
                """)
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists the devices that may connect.")

        @OptionGroup var options: ConfigurationOptions

        func run() async throws {
            let credentials = try DevicesCommand.load(from: try await options.load().dataDirectory)
            if credentials.entries.isEmpty { print("No devices yet; add one with 'garage devices add NAME'.") }
            for entry in credentials.entries {
                let created = Date(timeIntervalSince1970: Double(entry.created)).formatted(.iso8601)
                print("\(entry.name)\tadded \(created)")
            }
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Removes a device; it can't connect any more.",
            discussion: """
                A client certificate of that name is refused from then on, for good. The name can be given to a device with \
                a password again, not to one with a certificate.
                """)

        @Argument(help: "The device's name.") var name: String
        @Flag(help: "The device has only a certificate, and so is not in the list.") var certificate = false
        @OptionGroup var options: ConfigurationOptions

        func run() async throws {
            let folder = try await options.load().dataDirectory
            if certificate { try DevicesCommand.makeFolder(folder) }
            try DevicesCommand.change(folder) { credentials in
                if certificate, !credentials.entries.contains(where: { $0.name == name }) {
                    credentials.revokeCertificates(of: name)
                } else {
                    try credentials.remove(name)
                }
            }
            print("Device '\(name)' is removed; it can't connect any more.")
        }
    }

    private static func makeFolder(_ folder: String) throws {
        do {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw Failure("the data folder '\(folder)' can't be made: \(error.localizedDescription)")
        }
    }

    private static func load(from folder: String) throws -> DeviceCredentials {
        do {
            return try DeviceCredentials(folder: folder)
        } catch { throw Failure("\(error)") }
    }

    private static func change<Value>(
        _ folder: String, _ body: (inout DeviceCredentials) throws -> Value
    ) throws -> Value {
        var credentials = try load(from: folder)
        do {
            let value = try body(&credentials)
            try credentials.save(to: folder)
            return value
        } catch let error as CredentialsError {
            throw Failure("\(error)")
        } catch {
            throw Failure("the device list in '\(folder)' can't be written: \(error.localizedDescription)")
        }
    }
}
