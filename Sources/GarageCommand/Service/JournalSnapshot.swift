import Foundation
import Ingest

/// The file with what the journal tells, which spares a start the reading of a long journal.
enum JournalSnapshot {
    private static func file(in folder: String) -> String { folder + "/journal.snapshot" }

    /// Where it is; `nil` if this program can't be told from others, so that no snapshot could be trusted.
    static func place(in folder: String) -> HistoryKeeper.Place? {
        // A build reads the journal in its own way; another one is another file.
        let files = FileManager.default
        guard let path = try? files.destinationOfSymbolicLink(atPath: "/proc/self/exe"),
            let attributes = try? files.attributesOfItem(atPath: path), let size = attributes[.size] as? UInt64,
            let changed = attributes[.modificationDate] as? Date
        else { return nil }
        let program = "\(path) \(size) \(changed.timeIntervalSince1970)"
        return HistoryKeeper.Place(file: file(in: folder), program: program)
    }

    static func remove(from folder: String) { try? FileManager.default.removeItem(atPath: file(in: folder)) }
}
