/// Why nothing reads a topic, in the reader's language.
enum UnmappedWording {
    /// A profile's reason is a text of its own with the key `unmapped_` and its words; those of rules have names in them.
    static func reason(_ reason: String, in words: Wording) -> Markup {
        if let text = words.texts[key(of: reason)] { return Markup(text) }
        let parts = reason.split(separator: "'", maxSplits: 2, omittingEmptySubsequences: false)
        if parts.count == 3, parts[0] == "rule " {
            for (marker, key) in [
                (" finds nothing at ", "unmapped_rule_place"), (" has no meaning for ", "unmapped_rule_word"),
            ]
            where parts[2].hasPrefix(marker) {
                let value = String(parts[2].dropFirst(marker.count))
                return words.markup(
                    key, ["rule": Markup(String(parts[1]).cut(to: 80)), "value": "<code>\(value.cut(to: 80))</code>"])
            }
        }
        return FailureWording.detail(reason)
    }

    static func key(of reason: String) -> String {
        "unmapped_" + String(reason.lowercased().map { $0.isLetter || $0.isNumber ? $0 : "_" })
    }
}
