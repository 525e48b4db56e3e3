import Foundation
import Testing

@testable import Access

@Suite("The file of people and tokens")
struct AccessFileTests {
    private static func inFolder(_ body: (_ folder: String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "access-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try body(folder)
    }

    @Test("A file of a newer version is refused and left as it was")
    func newer() throws {
        try Self.inFolder { folder in
            let text = #"{"format":2,"people":{"ana":{}},"tokens":[],"sessions":[],"groups":[1]}"#
            try text.write(toFile: folder + "/access.json", atomically: true, encoding: .utf8)
            #expect(throws: AccessError.newer(folder + "/access.json", found: 2, supported: 1)) {
                _ = try AccessRegistry(folder: folder, rounds: 16) { 0 }
            }
            #expect(AccessError.newer("f", found: 2, supported: 1).description.contains("newer version"))
            #expect(try String(contentsOfFile: folder + "/access.json", encoding: .utf8) == text)
        }
    }

    @Test("A file of the first versions, which had no format, is read, and written with one")
    func first() throws {
        try Self.inFolder { folder in
            let text = #"{"people":[],"tokens":[],"sessions":[]}"#
            try text.write(toFile: folder + "/access.json", atomically: true, encoding: .utf8)
            let file = AccessFile(folder: folder)
            #expect(try file.read() == AccessFile.Content())
            _ = try file.change { content throws(AccessError) in
                content.sessions.append(
                    BrowserSession(digest: Data([1]), person: "ana", formToken: "f", created: 1, lastUsed: 1))
            }
            let written = try String(contentsOfFile: folder + "/access.json", encoding: .utf8)
            #expect(written.contains(#""format" : 1"#))
            #expect(
                try FileManager.default.attributesOfItem(atPath: folder + "/access.json")[.posixPermissions] as? Int
                    == 0o600)
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == [
                    "access.json", "access.json.lock",
                ])
        }
    }
}
