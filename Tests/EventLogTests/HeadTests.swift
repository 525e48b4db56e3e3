import EventLog
import Foundation
import Testing

/// A head that is signed and kept elsewhere proves later that the log still has its history.
@Suite struct HeadTests {
    @Test func theKeyIsMadeOnceAndOnlyItsOwnerMayReadIt() throws {
        let folder = try LogFolder()
        #expect(try HeadKey.load(directory: folder.path) == nil)
        let key = try HeadKey.open(directory: folder.path)
        let again = try HeadKey.open(directory: folder.path)
        #expect(key.publicKey == again.publicKey)
        let attributes = try FileManager.default.attributesOfItem(atPath: folder.path + "/head.key")
        #expect(attributes[.posixPermissions] as? Int == 0o600)
        let elsewhere = try LogFolder()
        let other = try HeadKey.open(directory: elsewhere.path)
        #expect(other.publicKey != key.publicKey)
        withExtendedLifetime(elsewhere) {}
        try Data("nonsense\n".utf8).write(to: URL(fileURLWithPath: folder.path + "/head.key"))
        #expect(throws: EventLogError.self) { try HeadKey.open(directory: folder.path) }
    }

    @Test func aSignedHeadIsOneLineThatCanBeReadAgain() async throws {
        let folder = try LogFolder()
        let key = try HeadKey.open(directory: folder.path)
        let head = try await folder.withLog { log throws in
            try await log.append(AppendRequest(events: (0..<3).map { event($0) }))
            return log.chainHeads
        }
        #expect(try EventLog.head(ofFile: folder.file) == head)
        let signed = try key.sign(head, at: 1_700_000_000_000_000)
        #expect(signed.isAuthentic)
        #expect(!signed.text.contains("\n"))
        let read = try #require(SignedHead(text: signed.text))
        #expect(read == signed && read.isAuthentic && read.head == head)

        // Whatever is changed in it, the signature no longer holds.
        let object = try #require(try JSONSerialization.jsonObject(with: Data(signed.text.utf8)) as? [String: Any])
        let elsewhere = try LogFolder()
        defer { withExtendedLifetime(elsewhere) {} }
        let hash = String(repeating: "0", count: 64)
        let changes: [(String, Any)] = [
            ("position", 2), ("time_us", 5), ("log", String(hash.prefix(32))),
            ("journal", ["position": 3, "hash": hash]), ("telemetry", ["position": 1, "hash": hash]),
            ("key", try HeadKey.open(directory: elsewhere.path).publicKey.base64),
            ("signature", Data(repeating: 1, count: 64).base64EncodedString()),
        ]
        for (member, value) in changes {
            var forged = object
            forged[member] = value
            let text = String(decoding: try JSONSerialization.data(withJSONObject: forged), as: UTF8.self)
            let head = try #require(SignedHead(text: text), "\(member)")
            #expect(!head.isAuthentic, "\(member)")
        }
        for text in ["", "{}", "[1]", signed.text + "x", signed.text.replacing("journal", with: "diary")] {
            #expect(SignedHead(text: text) == nil, "\(text)")
        }
    }

    @Test func everyHeadThatWasKeptIsCompared() async throws {
        let folder = try LogFolder()
        var heads: [LogHead] = []
        try await folder.withLog { log throws in
            for number in 0..<20 {
                try await log.append(AppendRequest(events: [event(number)]))
                heads.append(log.chainHeads)
            }
        }
        #expect(try EventLog.verify(file: folder.file, against: heads.shuffled()).isWhole)
        heads[6].journal.hash[0] ^= 1
        let report = try EventLog.verify(file: folder.file, against: heads.shuffled())
        #expect(report.fault == VerificationFault(position: 7, reason: .differentHistory))
    }

    /// Somebody who knows everything but what was kept elsewhere writes the log anew from the middle.
    @Test(arguments: ["byte", "delete", "swap", "truncate", "rewrite"]) func aForgedLogDoesNotHaveTheHead(how: String)
        async throws
    {
        let folder = try LogFolder()
        let head = try await folder.withLog { log throws in
            try await log.append(AppendRequest(events: (0..<20).map { event($0) }))
            return log.chainHeads
        }
        let place: Int64
        switch how {
        case "byte":
            try folder.tamper("UPDATE event SET data = CAST('{\"number\":5}' AS BLOB) WHERE position = 5")
            place = 5
        case "delete":
            try folder.tamper("DELETE FROM event WHERE position = 8")
            place = 8
        case "swap":
            try folder.tamper(
                """
                UPDATE event SET position = 1000 WHERE position = 9; UPDATE event SET position = 9 WHERE position = 12;
                UPDATE event SET position = 12 WHERE position = 1000;
                """)
            place = 9
        case "truncate":
            try folder.tamper("DELETE FROM event WHERE position > 15")
            place = 16
        default:
            let other = try LogFolder()
            let identity = head.identity.bytes.map { String(format: "%02x", $0) }.joined()
            try await other.withLog { log throws in try await log.append(AppendRequest(events: [event(1)])) }
            try other.tamper("UPDATE log SET identity = x'\(identity)'")
            #expect(try EventLog.verify(file: other.file, against: [head]).fault != nil)
            return
        }
        #expect(try EventLog.verify(file: folder.file, against: [head]).fault?.position == place)
    }
}

extension [UInt8] {
    fileprivate var base64: String { Data(self).base64EncodedString() }
}
