/// The tags of a page as a browser would see them, as far as the tests need it.
struct HTMLScan {
    struct Tag {
        var name: String
        var attributes: [String: String]
    }

    private(set) var tags: [Tag] = []

    /// Reads every start tag. A `<` that begins no tag is text, as in HTML.
    init(_ html: String) {
        var rest = html.utf8[...]
        while let open = rest.firstIndex(of: UInt8(ascii: "<")) {
            rest = rest[open...].dropFirst()
            guard let first = rest.first, HTMLScan.isLetter(first) else { continue }
            let name = rest.prefix { !HTMLScan.ends($0) }
            rest = rest.dropFirst(name.count)
            var tag = Tag(name: String(name)?.lowercased() ?? "", attributes: [:])
            while let next = rest.first, next != UInt8(ascii: ">") {
                if HTMLScan.isSpace(next) || next == UInt8(ascii: "/") {
                    rest = rest.dropFirst()
                    continue
                }
                let attribute = rest.prefix { !HTMLScan.ends($0) && $0 != UInt8(ascii: "=") }
                rest = rest.dropFirst(max(1, attribute.count))
                var value = ""
                if rest.first == UInt8(ascii: "=") {
                    rest = rest.dropFirst()
                    if rest.first == UInt8(ascii: "\"") {
                        let quoted = rest.dropFirst().prefix { $0 != UInt8(ascii: "\"") }
                        value = String(quoted) ?? ""
                        rest = rest.dropFirst(quoted.count + 2)
                    } else {
                        let bare = rest.prefix { !HTMLScan.ends($0) }
                        value = String(bare) ?? ""
                        rest = rest.dropFirst(max(1, bare.count))
                    }
                }
                tag.attributes[String(attribute)?.lowercased() ?? ""] = value
            }
            tags.append(tag)
        }
    }

    /// What the pages never contain, so that anything of it must have come from outside.
    var foreignParts: [String] {
        tags.flatMap { tag -> [String] in
            var parts: [String] = []
            if ["img", "iframe", "style", "object", "embed", "base"].contains(tag.name) {
                parts.append("<\(tag.name)>")
            }
            if tag.name == "script", tag.attributes["src"]?.hasPrefix("/static/") != true { parts.append("<script>") }
            for (name, value) in tag.attributes {
                if name.hasPrefix("on") || name == "style" { parts.append(name) }
                if ["href", "src", "action"].contains(name), !value.hasPrefix("/"), !value.hasPrefix("#") {
                    parts.append("\(name)=\(value)")
                }
            }
            return parts
        }
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }
    private static func isSpace(_ byte: UInt8) -> Bool { [9, 10, 12, 13, 32].contains(byte) }
    private static func ends(_ byte: UInt8) -> Bool {
        isSpace(byte) || byte == UInt8(ascii: ">") || byte == UInt8(ascii: "/")
    }
}
