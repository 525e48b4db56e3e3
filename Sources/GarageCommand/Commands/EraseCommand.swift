import ArgumentParser
import EventLog
import Foundation
import GarageConfiguration
import GarageDomain
import GarageEvents

/// `garage erase actor NAME`
struct EraseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "erase",
        abstract: "Erases what the event log holds of a person.",
        subcommands: [Actor.self]
    )

    struct Actor: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Blanks every event that an actor caused. The service must be stopped.",
            discussion: """
                Who did it and what it says goes for ever; that something happened, its type and its time stay, so that \
                'garage verify' still proves the log. The erasure itself becomes an event, without the name. The views \
                are built anew at the next start. Backups made before keep what they have. A person who can still log \
                in leaves new traces: remove the account first.
                """)

        @Argument(help: "The actor's name, as the events show it.") var name: String
        @Flag(help: "Don't ask.") var yes = false
        @OptionGroup var options: ConfigurationOptions

        func run() async throws {
            let folder = try DataFolder(path: try await options.load().dataDirectory)
            guard FileManager.default.fileExists(atPath: folder.path + "/events.db") else {
                throw Failure("there is no event log in '\(folder.path)'")
            }
            if !yes { try ask() }
            do {
                let log = try EventLog.open(directory: folder.path, clock: { WallClock.microseconds() })
                let garage = try Self.garage(of: log)
                let receipt = try await log.erase(actor: name) { Self.record($0, garage: garage) }
                await log.close()
                guard let receipt else { throw Failure("the log has no events of '\(name)'") }
                for suffix in ["", "-wal", "-shm"] {
                    try? FileManager.default.removeItem(atPath: folder.path + "/views.db" + suffix)
                }
                print("Erased \(receipt.events) events. The event at position \(receipt.position) says so.")
            } catch let error as EventLogError { throw Failure("nothing more can be erased: \(error)") }
            withExtendedLifetime(folder) {}
        }

        private func ask() throws {
            guard isatty(STDIN_FILENO) != 0 else {
                throw ValidationError("what is erased can't be had back; --yes says that you mean it")
            }
            print("Erase everything that the log holds of '\(name)', for ever? Type the name again: ", terminator: "")
            guard readLine() == name else { throw Failure("nothing was erased") }
        }

        /// The garage of the first event that names one.
        private static func garage(of log: EventLog) throws -> Name {
            try log.read(after: 0, limit: 1000).lazy.compactMap { Subject(stream: $0.stream)?.garage }.first
                ?? Name(nearest: "home")
        }

        private static func record(_ events: Int, garage: Name) -> NewEvent {
            let now = WallClock.microseconds()
            return EventCoding.encode(
                DomainEvent(
                    Subject(garage: garage, kind: .garage, name: garage), .dataErased(DataErased(events: Int64(events)))
                ),
                id: .make(at: now), time: now, metadata: EventMetadata(actor: "garage", channel: "cli"))
        }
    }
}
