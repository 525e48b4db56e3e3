/// What went wrong below the pages, in the reader's language, and behind it the words of whoever noticed it.
enum FailureWording {
    /// The cause by SQLite's code in the text (`SQLite error 13`), then the text itself.
    static func storage(_ text: String, in words: Wording) -> Markup {
        "\(words.text("failure_" + cause(of: text))) \(detail(text))"
    }

    /// Text of a library or another machine. It is never translated, so it is marked as English for screen readers.
    static func detail(_ text: String) -> Markup { #"<code lang="en">\#(text.cut(to: 200))</code>"# }

    private static func cause(of text: String) -> String {
        guard let marker = text.firstRange(of: "SQLite error ") else { return "other" }
        let code = Int(text[marker.upperBound...].prefix { $0.isNumber })
        // The lower byte of an extended code is the primary one (sqlite.org/rescode.html).
        return switch code.map({ $0 & 0xff }) {
        case 8, 14: "readonly"
        case 10: "io"
        case 11, 26: "damaged"
        case 13: "full"
        case 19: "contradiction"
        default: "other"
        }
    }
}
