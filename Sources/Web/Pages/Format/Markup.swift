import Mustache

/// A piece of HTML in which all text that came from outside is escaped.
struct Markup: Sendable, Hashable, MustacheCustomRenderable, ExpressibleByStringInterpolation {
    var html: String

    var renderText: String { html }
    var isNull: Bool { html.isEmpty }

    /// This text, escaped for use between tags and in quoted attributes. Control characters and those that turn the
    /// direction of writing are replaced, so that a device's text can't rearrange the line that it stands in.
    init(_ text: some StringProtocol) {
        if text.utf8.allSatisfy(Markup.isPlain) {
            html = String(text)
            return
        }
        var html = ""
        html.reserveCapacity(text.utf8.count)
        for scalar in text.unicodeScalars {
            switch scalar {
            case "<": html += "&lt;"
            case ">": html += "&gt;"
            case "&": html += "&amp;"
            case "\"": html += "&quot;"
            case "'": html += "&#39;"
            case "\n", "\t": html.unicodeScalars.append(scalar)
            case "\u{0}"..."\u{1f}", "\u{7f}"..."\u{9f}", "\u{202a}"..."\u{202e}", "\u{2066}"..."\u{2069}":
                html += "\u{fffd}"
            default: html.unicodeScalars.append(scalar)
            }
        }
        self.html = html
    }

    /// Whether a byte is ASCII that needs no escape; most text is nothing else.
    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "&"), UInt8(ascii: "\""), UInt8(ascii: "'"): false
        default: byte >= 0x20 && byte < 0x7f
        }
    }

    /// HTML written in the source; everything interpolated into it is escaped, unless it is markup itself.
    init(stringLiteral value: String) { html = value }

    init(stringInterpolation: Interpolation) { html = stringInterpolation.html }

    struct Interpolation: StringInterpolationProtocol {
        var html = ""

        init(literalCapacity: Int, interpolationCount: Int) { html.reserveCapacity(literalCapacity) }
        mutating func appendLiteral(_ literal: String) { html += literal }
        mutating func appendInterpolation(_ markup: Markup) { html += markup.html }
        mutating func appendInterpolation(_ text: some StringProtocol) { html += Markup(text).html }
        mutating func appendInterpolation(_ number: some BinaryInteger) { html += String(number) }
    }

    static func + (left: Markup, right: Markup) -> Markup { Markup(html: left.html + right.html) }
    static func += (left: inout Markup, right: Markup) { left.html += right.html }

    private init(html: String) { self.html = html }

    /// HTML that was made by a template.
    static func rendered(_ html: String) -> Markup { Markup(html: html) }

    /// An icon of `static/icons.svg`; decoration, so the word that it goes with must stand beside it.
    static func icon(_ name: String, in folder: String) -> Markup {
        #"<svg class="icon" aria-hidden="true"><use href="\#(folder)/icons.svg#\#(name)"/></svg>"#
    }
}

extension Sequence<Markup> {
    func joined() -> Markup { .rendered(map(\.html).joined()) }
}

extension String {
    /// The first `count` characters, with `…` in place of what is cut off.
    func cut(to count: Int) -> String {
        guard let end = index(startIndex, offsetBy: count, limitedBy: endIndex), end != endIndex else { return self }
        return self[..<end] + "…"
    }
}
