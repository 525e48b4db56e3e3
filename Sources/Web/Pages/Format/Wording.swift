import Foundation
import NIOCore

/// The languages of the pages. The raw value is the BCP 47 tag and the name of the file in `web/locales`.
enum PageLanguage: String, Sendable, Hashable, CaseIterable {
    case english = "en"
    case portuguese = "pt-BR"

    /// The language that an `Accept-Language` header (RFC 9110 §12.5.4) prefers; English if it names none of ours.
    init(accepting header: String?) {
        var best: (language: PageLanguage, weight: Double)?
        for item in (header ?? "").split(separator: ",").prefix(32) {
            let parts = item.split(separator: ";").map { $0.filter { !$0.isWhitespace }.lowercased() }
            guard let tag = parts.first, let language = PageLanguage(primary: tag) else { continue }
            let weight = parts.dropFirst().first { $0.hasPrefix("q=") }.flatMap { Double($0.dropFirst(2)) } ?? 1
            if weight > 0, weight > best?.weight ?? 0 { best = (language, weight) }
        }
        self = best?.language ?? .english
    }

    private init?(primary tag: String) {
        switch tag.prefix(while: { $0 != "-" }) {
        case "en": self = .english
        case "pt": self = .portuguese
        default: return nil
        }
    }
}

/// The texts of the pages in one language.
struct Wording: Sendable {
    let language: PageLanguage
    let texts: [String: String]

    init(_ language: PageLanguage, texts: [String: String]) {
        self.language = language
        self.texts = texts
    }

    init(_ language: PageLanguage, files: WebFiles) throws {
        let path = "locales/\(language.rawValue).json"
        guard let file = files.file(path) else { throw WordingError.missing(path) }
        self.language = language
        texts = try JSONDecoder().decode([String: String].self, from: Data(file.content.readableBytesView))
    }

    /// The text with this key; the key itself if there is none, so that a gap is seen and nothing breaks.
    func text(_ key: String) -> String { texts[key] ?? key }

    /// The text with every `{name}` replaced. What is put in is not searched again.
    func text(_ key: String, _ values: [String: String]) -> String {
        fill(text(key), with: values)
    }

    /// The text as HTML with every `{name}` replaced.
    func markup(_ key: String, _ values: [String: Markup]) -> Markup {
        .rendered(fill(Markup(text(key)).html, with: values.mapValues(\.html)))
    }

    /// The text for a number: `key_one` for 1, else `key_other`, with `{count}` replaced.
    func count(_ key: String, _ count: Int) -> String {
        text(key + (count == 1 ? "_one" : "_other"), ["count": number(Double(count), decimals: 0)])
    }

    /// A number with a fixed number of decimals (0 to 3) in the language's form: `1,234.5` or `1.234,5`.
    func number(_ value: Double, decimals: Int) -> String {
        guard value.isFinite, abs(value) < 1e15 else { return "–" }
        let scale = [1.0, 10, 100, 1000][min(max(decimals, 0), 3)]
        let scaled = Int64((abs(value) * scale).rounded())
        let (whole, fraction) = scaled.quotientAndRemainder(dividingBy: Int64(scale))
        var digits = Array(String(whole))
        var index = digits.count - 3
        while index > 0 {
            digits.insert(contentsOf: text("number_group"), at: index)
            index -= 3
        }
        let sign = value < 0 && scaled > 0 ? "\u{2212}" : ""
        guard scale > 1 else { return sign + String(digits) }
        let decimalDigits = String(fraction)
        let padding = String(repeating: "0", count: max(0, String(Int64(scale)).count - 1 - decimalDigits.count))
        return sign + String(digits) + text("number_decimal") + padding + decimalDigits
    }

    private func fill(_ template: String, with values: [String: String]) -> String {
        guard template.contains("{") else { return template }
        var filled = ""
        var rest = template[...]
        while let open = rest.firstIndex(of: "{"), let close = rest[open...].firstIndex(of: "}") {
            filled += rest[..<open]
            let name = rest[rest.index(after: open)..<close]
            filled += values[String(name)] ?? "{\(name)}"
            rest = rest[rest.index(after: close)...]
        }
        return filled + rest
    }
}

enum WordingError: Error, Hashable {
    case missing(String)
}
