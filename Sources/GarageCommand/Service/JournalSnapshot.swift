import Foundation

/// The file with what the journal tells, which spares a start the reading of a long journal.
enum JournalSnapshot {
    static func file(in folder: String) -> String { folder + "/journal.snapshot" }

    static func remove(from folder: String) { try? FileManager.default.removeItem(atPath: file(in: folder)) }
}
