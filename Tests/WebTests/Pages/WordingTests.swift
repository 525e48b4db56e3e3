import Foundation
import GarageDomain
import NIOCore
import Testing
import Views

@testable import Web

/// The texts in both languages.
struct WordingTests {
    private let english: [String: String]
    private let portuguese: [String: String]

    init() throws {
        english = try Wording(.english, files: .embedded).texts
        portuguese = try Wording(.portuguese, files: .embedded).texts
    }

    @Test func bothLanguagesHaveTheSameKeys() {
        #expect(Set(english.keys).symmetricDifference(portuguese.keys) == [])
        #expect(english.filter { $0.value.isEmpty }.isEmpty && portuguese.filter { $0.value.isEmpty }.isEmpty)
    }

    @Test func apostrophesAreCurled() {
        #expect([english, portuguese].flatMap(\.values).filter { $0.contains("'") } == [])
    }

    @Test func noTranslationNamesAValueThatTheOtherDoesNotGet() throws {
        // These let each language choose from the same values.
        let free = ["subject_", "date_", "day_heading"]
        for (key, text) in english where !free.contains(where: key.hasPrefix) {
            #expect(placeholders(text) == placeholders(portuguese[key] ?? ""), "\(key)")
        }
    }

    @Test func everyKeyThatATemplateNamesExists() throws {
        var named = 0
        for path in WebFiles.embedded.paths(in: "templates") {
            let text = String(buffer: try #require(WebFiles.embedded.file(path)).content)
            for match in text.matches(of: /\{\{[#^]?t\.([a-z_]+)\}\}/) {
                named += 1
                #expect(english[String(match.1)] != nil, "\(match.1) in \(path)")
            }
        }
        #expect(named > 100)
    }

    @Test func everyKeyThatTheSourceNamesExists() throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../Sources/Web/Pages")
        let files = FileManager.default.enumerator(at: folder.standardized, includingPropertiesForKeys: nil)
        var named = 0
        for case let file as URL in files ?? .init() where file.pathExtension == "swift" {
            let source = try String(contentsOf: file, encoding: .utf8)
            for match in source.matches(of: /(?:words|text)\.(?:text|markup)\(\s*"([a-zA-Z_]+)"/)
            where match.1.last != "_" {
                named += 1
                #expect(english[String(match.1)] != nil, "\(match.1) in \(file.lastPathComponent)")
            }
        }
        #expect(named > 40)
    }

    @Test func everyWordOfTheDomainHasAText() {
        var keys: [String] = []
        keys += EventType.allCases.map { EventLogPage.key(ofType: $0.rawValue) }
        keys += GateState.allCases.map { "gate_\($0.rawValue)" } + ["gate_unknown"]
        keys += GateState.allCases.flatMap { ["sentence_gate_\($0.rawValue)", "sentence_gate_is_\($0.rawValue)"] }
        keys += GateState.allCases.filter { !$0.isMoving }.map { "was_\($0.rawValue)_for" }
        keys += GateAction.allCases.flatMap {
            ["action_\($0.rawValue)", "verb_\($0.rawValue)", "button_\($0.rawValue)"]
        }
        keys += CommandRejected.Reason.allCases.map { "rejected_\($0.rawValue)" }
        keys += CommandFailed.Reason.allCases.map { "failed_\($0.rawValue)" }
        keys += CommandRow.Status.allCases.map { "status_\($0.rawValue)" }
        keys += SensorFault.Kind.allCases.map { "fault_\($0.rawValue)" }
        keys += DeviceDisconnected.Reason.allCases.map { "offline_\($0.rawValue)" }
        keys += Quantity.allCases.map { "quantity_\($0.rawValue)" }
        keys += Subject.Kind.allCases.flatMap { ["subject_\($0.rawValue)", "kinds_\($0.rawValue)"] }
        keys += EventQuery.Period.allCases.map { "period_\($0.rawValue)" }
        keys += EventQuery.typeGroups.flatMap { ["group_\($0.dropLast(2))", "group_all_\($0.dropLast(2))"] }
        keys += (1...12).flatMap { ["month_\($0)", "month_short_\($0)"] } + (0...6).map { "weekday_\($0)" }
        keys +=
            PageLanguage.allCases.map { "language_\($0.rawValue)" }
            + Visit.Theme.allCases.map { "theme_\($0.rawValue)" }
        keys += ["mqtt", "http", "page", "cli", "device", "service"].flatMap { ["author_\($0)", "channel_\($0)"] }
        keys += ["not_found", "unavailable", "foreign_origin", "bad_form"].flatMap {
            ["problem_\($0)", "problem_\($0)_text"]
        }
        for key in keys { #expect(english[key] != nil, "\(key)") }
    }

    @Test(arguments: [
        (nil, PageLanguage.english), ("", .english), ("pt-BR,pt;q=0.9,en;q=0.8", .portuguese), ("pt", .portuguese),
        ("en-GB,en;q=0.9,pt;q=0.1", .english), ("de,pt;q=0.4,en;q=0.5", .english), ("de, fr", .english),
        ("en;q=0, pt-PT", .portuguese), ("EN", .english), (";;,,q=1", .english),
    ])
    func theBrowsersLanguageIsFollowed(header: String?, expected: PageLanguage) {
        #expect(PageLanguage(accepting: header) == expected)
    }

    @Test func numbersHaveTheFormOfTheLanguage() throws {
        let (english, portuguese) = (Wording(.english, texts: english), Wording(.portuguese, texts: portuguese))
        #expect(english.number(1_234_567.25, decimals: 1) == "1,234,567.3")
        #expect(portuguese.number(1234.5, decimals: 1) == "1.234,5")
        #expect(portuguese.number(-4.04, decimals: 1) == "\u{2212}4,0")
        #expect(english.number(-0.04, decimals: 1) == "0.0")
        #expect(english.number(999.96, decimals: 1) == "1,000.0")
        #expect(english.number(5.005, decimals: 3) == "5.005")
        #expect(english.number(.nan, decimals: 1) == "–")
        #expect(english.number(.infinity, decimals: 0) == "–")
        #expect(english.number(-.greatestFiniteMagnitude, decimals: 0) == "–")
    }

    @Test func whatIsPutInIsNotSearchedAgain() {
        let words = Wording(.english, texts: ["x": "{a} and {b}, {c"])
        #expect(words.text("x", ["a": "{b}", "b": "2"]) == "{b} and 2, {c")
        #expect(words.markup("x", ["a": Markup("<" as String), "b": "<b>2</b>"]).html == "&lt; and <b>2</b>, {c")
    }

    private func placeholders(_ text: String) -> Set<String> {
        Set(text.matches(of: /\{([A-Za-z]+)\}/).map { String($0.1) })
    }
}
