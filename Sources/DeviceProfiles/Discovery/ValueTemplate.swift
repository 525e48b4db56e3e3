/// A value template of Home Assistant, as far as device firmware uses them: reading a member of the payload, a few
/// filters, comparisons and choices. Anything else makes no template, so that nothing is guessed.
struct ValueTemplate: Hashable, Sendable {
    private static let longest = 1024
    let expression: TemplateExpression

    /// `nil` if the text is not of the part that is understood.
    init?(_ text: String) {
        guard text.utf8.count <= ValueTemplate.longest, let expression = ValueTemplate.block(text) else { return nil }
        self.expression = expression
    }

    /// The value that the template makes of a payload; `nil` if there is none.
    func value(text: String, json: JSONValue?) -> JSONValue? {
        TemplateEvaluation(text: text, json: json).value(of: expression)
    }

    // MARK: - The structure of a template

    /// Text with `{{ expressions }}`, or one `{% if %}` with its branches.
    private static func block(_ text: String) -> TemplateExpression? {
        let trimmed = trimmed(text[...])
        if trimmed.hasPrefix("{%") { return conditional(trimmed) }
        return joined(trimmed)
    }

    private static func joined(_ text: Substring) -> TemplateExpression? {
        var parts: [TemplateExpression] = []
        var rest = text
        while let start = rest.firstRange(of: "{{") {
            if start.lowerBound > rest.startIndex {
                parts.append(.literal(.string(String(rest[..<start.lowerBound]))))
            }
            let body = rest[start.upperBound...]
            guard let end = body.firstRange(of: "}}") else { return nil }
            guard let expression = TemplateParser.parse(withoutDashes(body[..<end.lowerBound])) else { return nil }
            parts.append(expression)
            rest = body[end.upperBound...]
        }
        // Statements within text are not read.
        guard !rest.contains("{%"), !rest.contains("}}") else { return nil }
        if !rest.isEmpty { parts.append(.literal(.string(String(rest)))) }
        guard !parts.isEmpty, parts.count <= 8 else { return nil }
        return parts.count == 1 ? parts[0] : .joined(parts)
    }

    /// `{% if a %}x{% elif b %}y{% else %}z{% endif %}`
    private static func conditional(_ text: Substring) -> TemplateExpression? {
        var branches: [(condition: TemplateExpression, value: TemplateExpression)] = []
        var rest = text
        var otherwise = TemplateExpression.literal(.string(""))
        var isFirst = true
        while branches.count < 16 {
            guard let (statement, behind) = statement(rest) else { return nil }
            let words = statement.split(separator: " ", maxSplits: 1)
            guard let keyword = words.first else { return nil }
            rest = behind
            switch keyword {
            case "if" where isFirst, "elif" where !isFirst:
                guard words.count == 2, let condition = TemplateParser.parse(words[1]),
                    let value = branch(&rest)
                else { return nil }
                branches.append((condition, value))
            case "else" where !isFirst:
                guard let value = branch(&rest) else { return nil }
                otherwise = value
            case "endif" where !isFirst:
                guard rest.allSatisfy(\.isWhitespace) else { return nil }
                return branches.reversed().reduce(otherwise) { rest, branch in
                    .choice(condition: branch.condition, then: branch.value, otherwise: rest)
                }
            default: return nil
            }
            isFirst = false
        }
        return nil
    }

    /// The statement at the beginning, and what follows it.
    private static func statement(_ text: Substring) -> (Substring, Substring)? {
        guard text.hasPrefix("{%"), let end = text.firstRange(of: "%}") else { return nil }
        return (withoutDashes(text.dropFirst(2)[..<end.lowerBound]), text[end.upperBound...])
    }

    /// The value of a branch: what stands before the next statement.
    private static func branch(_ rest: inout Substring) -> TemplateExpression? {
        guard let next = rest.firstRange(of: "{%") else { return nil }
        let content = trimmed(rest[..<next.lowerBound])
        rest = rest[next.lowerBound...]
        return content.isEmpty ? .literal(.string("")) : joined(content)
    }

    /// `{{- x -}}` means `{{ x }}` as far as values go.
    private static func withoutDashes(_ text: Substring) -> Substring {
        var text = text
        if text.first == "-" { text.removeFirst() }
        if text.last == "-" { text.removeLast() }
        return trimmed(text)
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var text = text.drop(while: \.isWhitespace)
        while text.last?.isWhitespace == true { text.removeLast() }
        return text
    }
}
