import ArgumentParser
import EventLog
import Foundation
import GarageConfiguration

/// `garage erase actor NAME`
struct EraseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "erase",
        abstract: "Erases what the event log holds of a person.",
        subcommands: [Actor.self]
    )

    struct Actor: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Blanks every event that an actor caused, while the service runs or not.",
            discussion: """
                Who did it and what it says goes for ever; that something happened, its type and its time stay, so that \
                'garage verify' still proves the log. The erasure itself becomes an event, without the name. The views \
                are built anew: by a running service at once, else at the next start. Backups made before keep what \
                they have. A person who can still log in leaves new traces: remove the account first.
                """)

        @Argument(help: "The actor's name, as the events show it.") var name: String
        @Flag(help: "Don't ask.") var yes = false
        @OptionGroup var options: ConfigurationOptions

        func run() async throws {
            let folder: DataFolder
            switch try FolderAccess(path: try await options.load().dataDirectory) {
            case .service(let service):
                if !yes { try ask() }
                return try await erase(by: service)
            case .own(let own): folder = own
            }
            guard FileManager.default.fileExists(atPath: folder.path + "/events.db") else {
                throw Failure("there is no event log in '\(folder.path)'")
            }
            if !yes { try ask() }
            do {
                let log = try EventLog.open(directory: folder.path, clock: { WallClock.microseconds() })
                JournalSnapshot.remove(from: folder.path)
                let receipt = try await Erasure.run(log, actor: name)
                await log.close()
                guard let receipt else { throw nothing }
                for suffix in ["", "-wal", "-shm"] {
                    try? FileManager.default.removeItem(atPath: folder.path + "/views.db" + suffix)
                }
                show(events: receipt.events, position: receipt.position)
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

        private var nothing: Failure { Failure("the log has no events of '\(name)'") }

        private func erase(by service: ServiceClient) async throws {
            let progress = ProgressLine("views built anew up to position")
            let end = try await service.work("/api/control/erase" + service.query("actor", [name])) {
                progress.show($0.position ?? 0, of: $0.head ?? 0)
            }
            progress.end()
            guard let position = end.position else { throw nothing }
            show(events: end.events ?? 0, position: position)
        }

        private func show(events: Int, position: Int64) {
            print("Erased \(events) events. The event at position \(position) says so.")
        }
    }
}
