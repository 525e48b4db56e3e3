public import Access
public import ArgumentParser
import Foundation
import GarageConfiguration

/// `garage users add|list|set|password|remove`
struct UsersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "users",
        abstract: "Manages the people who may sign in to the pages.",
        discussion: """
            As soon as there is anyone, everyone has to sign in. The first person must be an admin:

              garage users add ana --role admin

            A running service takes every change at once.
            """,
        subcommands: [Add.self, List.self, Rights.self, Password.self, Remove.self]
    )

    /// What a person may do.
    struct RightsOptions: ParsableArguments {
        @Option(help: "viewer, operator or admin.") var role: Role = .operator
        @Option(help: ArgumentHelp("The gates to move, as NAME or GARAGE.NAME; all if left out.", valueName: "gate"))
        var gate: [String] = []
        @Option(
            help: ArgumentHelp(
                "When gates may be moved, e.g. 'mon-fri 07:00-19:00, sat 08:00-12:00'.", valueName: "times"))
        var schedule: String?

        func parsedSchedule() throws -> Schedule? {
            guard let schedule else { return nil }
            guard let parsed = Schedule(schedule) else {
                throw ValidationError("'\(schedule)' is not a schedule; write 'mon-fri 07:00-19:00, sat 08:00-12:00'")
            }
            return parsed
        }

        func validate() throws { _ = try parsedSchedule() }
    }

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Adds a person; the password is asked for, or read from standard input.")

        @Argument(help: "The name to sign in with.") var name: String
        @OptionGroup var rights: RightsOptions
        @OptionGroup var options: ConfigurationOptions

        func run() async throws {
            let registry = try await openRegistry(options)
            let password = try SecretPrompt.read("Password for \(name)", repeated: true)
            try await report {
                try await registry.addPerson(
                    name, password: password, role: rights.role, gates: rights.gate.isEmpty ? nil : Set(rights.gate),
                    schedule: try rights.parsedSchedule())
            }
            print("\(name) may sign in as \(rights.role.rawValue).")
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists the people and their rights.")
        @OptionGroup var options: ConfigurationOptions

        func run() async throws {
            let people = try await openRegistry(options).people
            if people.isEmpty { print("Nobody yet; add someone with 'garage users add NAME --role admin'.") }
            for person in people {
                let gates = person.gates.map { "gates \($0.sorted().joined(separator: ", "))" } ?? "all gates"
                let times = person.schedule.map { "at \($0)" } ?? "at any time"
                print(
                    "\(person.name)\t\(person.role.rawValue)\t\(gates)\t\(times)\(person.hasPIN ? "\twith a PIN" : "")")
            }
        }
    }

    struct Rights: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "set", abstract: "Sets a person's role, gates and times anew.")
        @Argument(help: "The person's name.") var name: String
        @OptionGroup var rights: RightsOptions
        @OptionGroup var options: ConfigurationOptions

        func run() async throws {
            let registry = try await openRegistry(options)
            try await report {
                try registry.changeRights(
                    of: name, role: rights.role, gates: rights.gate.isEmpty ? nil : Set(rights.gate),
                    schedule: try rights.parsedSchedule())
            }
            print("\(name) is \(rights.role.rawValue) now.")
        }
    }

    struct Password: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Sets a new password and signs the person out everywhere.")
        @Argument(help: "The person's name.") var name: String
        @OptionGroup var options: ConfigurationOptions

        func run() async throws {
            let registry = try await openRegistry(options)
            let password = try SecretPrompt.read("New password for \(name)", repeated: true)
            try await report { try await registry.changePassword(of: name, to: password) }
            print("\(name) has a new password.")
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Removes a person and ends all sessions.")
        @Argument(help: "The person's name.") var name: String
        @OptionGroup var options: ConfigurationOptions

        func run() async throws {
            let registry = try await openRegistry(options)
            try await report { try registry.removePerson(name) }
            print("\(name) is removed.")
        }
    }
}

extension Role: ExpressibleByArgument {}

/// The people and tokens of the data folder that the options name, which is made if it is missing.
func openRegistry(_ options: ConfigurationOptions) async throws -> AccessRegistry {
    let folder = try await options.load().dataDirectory
    do {
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    } catch { throw Failure("the data folder '\(folder)' can't be made: \(error.localizedDescription)") }
    do {
        return try AccessRegistry(folder: folder) { Int64(Date().timeIntervalSince1970) }
    } catch { throw Failure("\(error)") }
}

/// Turns an ``AccessError`` into a message and exit code 1.
func report<Value>(_ body: () async throws -> Value) async throws -> Value {
    do {
        return try await body()
    } catch let error as AccessError { throw Failure("\(error)") }
}
