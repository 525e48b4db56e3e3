import Access
import Foundation
import Testing

@Suite struct DeviceCredentialsTests {
    @Test func aPasswordOpensOnlyItsOwnDevice() throws {
        var credentials = DeviceCredentials()
        let first = try credentials.add("esp1", at: 1)
        let second = try credentials.add("esp2", at: 2)
        #expect(credentials.verify(name: "esp1", password: Array(first.utf8)))
        #expect(!credentials.verify(name: "esp1", password: Array(second.utf8)))
        #expect(!credentials.verify(name: "esp1", password: []))
        #expect(!credentials.verify(name: "esp3", password: Array(first.utf8)))
        #expect(first.utf8.count == 24)
    }

    @Test func namesAreUniqueAndRemovable() throws {
        var credentials = DeviceCredentials()
        let password = try credentials.add("esp1", at: 1)
        #expect(throws: CredentialsError.exists("esp1")) { try credentials.add("esp1", at: 2) }
        try credentials.remove("esp1")
        #expect(!credentials.verify(name: "esp1", password: Array(password.utf8)))
        #expect(throws: CredentialsError.unknown("esp1")) { try credentials.remove("esp1") }
    }

    @Test func theFileKeepsHashesOnlyAndIsPrivate() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var credentials = try DeviceCredentials(folder: folder)
        let password = try credentials.add("esp1", at: 1)
        try credentials.save(to: folder)
        let file = folder + "/devices.json"
        let text = try String(contentsOfFile: file, encoding: .utf8)
        #expect(!text.contains(password))
        #expect(try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int == 0o600)
        #expect(try DeviceCredentials(folder: folder).verify(name: "esp1", password: Array(password.utf8)))
    }

    @Test func aDamagedFileIsAnErrorAndNotAnEmptyList() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try Data("[{".utf8).write(to: URL(filePath: folder + "/devices.json"))
        #expect(throws: CredentialsError.unreadable(folder + "/devices.json")) { try DeviceCredentials(folder: folder) }
    }

    @Test("A device that was removed stays revoked for certificates, also when its name is given away again")
    func revoked() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "revoked-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var credentials = DeviceCredentials()
        _ = try credentials.add("esp1", at: 1)
        #expect(credentials.revoked.isEmpty)
        try credentials.remove("esp1")
        #expect(!credentials.verify(name: "esp1", password: []))
        let password = try credentials.add("esp1", at: 2)
        credentials.revokeCertificates(of: "bare")
        try credentials.save(to: folder)
        let read = try DeviceCredentials(folder: folder)
        #expect(read == credentials)
        #expect(read.entries.map(\.name) == ["esp1"])
        #expect(read.verify(name: "esp1", password: Array(password.utf8)))
        #expect(read.revoked == ["esp1", "bare"])
        #expect(!read.verify(name: "bare", password: []))
    }
}
