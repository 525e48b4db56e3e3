import Foundation
import Testing
import Views

@testable import Web

/// What failed is told in the reader's language; the words of a library stand behind it, marked as English.
struct FailureWordingTests {
    private let words: Wording

    init() throws { words = try Wording(.portuguese, files: .embedded) }

    @Test(arguments: [
        ("database or disk is full (SQLite error 13)", "o disco está cheio"),
        ("disk I/O error (SQLite error 778)", "o disco não funciona como deveria"),
        ("attempt to write a readonly database (SQLite error 8)", "não é possível gravar na pasta"),
        ("SQLite error 19: UNIQUE constraint failed", "o evento contradiz o que veio antes dele"),
        ("malformed (SQLite error 11)", "um arquivo está danificado"),
        ("SQLite error 99999999999999999999", "não funciona"),
        ("the plug was <b>pulled</b>", "não funciona"),
    ])
    func aFailureIsToldByItsCode(text: String, cause: String) {
        let told = FailureWording.storage(text, in: words).html
        #expect(told == "\(cause) <code lang=\"en\">\(Markup(text).html)</code>")
    }

    @Test func aFullDiskIsToldOnTheDashboard() async throws {
        let garage = SampleGarage.filled(at: SampleTime.now)
        garage.change { $0.trouble = "database or disk is full (SQLite error 13)" }
        try await PageClient.with(garage) { client async throws in
            let page = try await client.get("/", [("Accept-Language", "pt-BR")]).text
            #expect(page.contains("os aparelhos esperam: o disco está cheio <code lang=\"en\">database or disk"))
        }
    }

    @Test func everyReasonOfAProfileHasAText() throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../../Sources/DeviceProfiles")
        let files = FileManager.default.enumerator(at: folder.standardized, includingPropertiesForKeys: nil)
        var reasons: Set<String> = []
        for case let file as URL in files ?? .init() where file.pathExtension == "swift" {
            let source = try String(contentsOf: file, encoding: .utf8)
            for match in source.matches(of: /needsMapping(?:\(| = )"([^"\\]+)"/) { reasons.insert(String(match.1)) }
        }
        #expect(reasons.count > 5)
        for reason in reasons {
            #expect(words.texts[UnmappedWording.key(of: reason)] != nil, "\(UnmappedWording.key(of: reason))")
        }
    }

    @Test func theReasonsOfRulesNameThem() {
        #expect(
            UnmappedWording.reason("rule 'attic' finds nothing at /a/b", in: words).html
                == "a regra “attic” não encontra nada em <code>/a/b</code>")
        #expect(
            UnmappedWording.reason("rule 'attic' has no meaning for '<x>'", in: words).html
                == "a regra “attic” não tem significado para <code>&#39;&lt;x&gt;&#39;</code>")
        #expect(UnmappedWording.reason("it's new", in: words).html == #"<code lang="en">it&#39;s new</code>"#)
    }
}
