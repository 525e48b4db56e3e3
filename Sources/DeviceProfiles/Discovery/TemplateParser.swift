/// Reads one expression of a template.
struct TemplateParser {
    private static let deepest = 12
    private var tokens: ArraySlice<TemplateScanner.Token>
    private var depth = 0

    /// The expression, or `nil` if it is none of the part that is understood.
    static func parse(_ text: Substring) -> TemplateExpression? {
        guard let tokens = TemplateScanner.tokens(text), !tokens.isEmpty else { return nil }
        var parser = TemplateParser(tokens: tokens[...])
        guard let expression = parser.choice(), parser.tokens.isEmpty else { return nil }
        return expression
    }

    private init(tokens: ArraySlice<TemplateScanner.Token>) { self.tokens = tokens }

    private mutating func take(_ sign: String) -> Bool {
        guard tokens.first == .sign(sign) else { return false }
        tokens.removeFirst()
        return true
    }

    private mutating func take(word: String) -> Bool {
        guard tokens.first == .word(word) else { return false }
        tokens.removeFirst()
        return true
    }

    /// `comparison`, or `a if condition else b`
    private mutating func choice() -> TemplateExpression? {
        guard depth < Self.deepest else { return nil }
        depth += 1
        defer { depth -= 1 }
        guard let first = comparison() else { return nil }
        guard take(word: "if") else { return first }
        guard let condition = comparison(), take(word: "else"), let otherwise = choice() else { return nil }
        return .choice(condition: condition, then: first, otherwise: otherwise)
    }

    private mutating func comparison() -> TemplateExpression? {
        if take(word: "not") { return comparison().map { .not($0) } }
        guard let left = filtered() else { return nil }
        if take(word: "is") {
            let negated = take(word: "not")
            if take(word: "defined") { return .isDefined(left, negated: negated) }
            if take(word: "none") { return test(left, equals: .null, negated: negated) }
            if take(word: "true") { return test(left, equals: .bool(true), negated: negated) }
            if take(word: "false") { return test(left, equals: .bool(false), negated: negated) }
            return nil
        }
        guard case .sign(let sign)? = tokens.first, let comparison = TemplateComparison(rawValue: sign) else {
            return left
        }
        tokens.removeFirst()
        return filtered().map { .comparison(left, comparison, $0) }
    }

    private func test(_ value: TemplateExpression, equals: JSONValue, negated: Bool) -> TemplateExpression {
        .comparison(value, negated ? .unequal : .equal, .literal(equals))
    }

    private mutating func filtered() -> TemplateExpression? {
        guard var value = primary() else { return nil }
        while take("|") {
            guard let filter = filter() else { return nil }
            value = .filter(value, filter)
        }
        return value
    }

    private mutating func filter() -> TemplateFilter? {
        guard case .word(let name)? = tokens.popFirst(), let arguments = arguments() else { return nil }
        switch (name, arguments.count) {
        case ("float", 0...1), ("int", 0...1):
            var fallback: JSONValue?
            if let argument = arguments.first {
                guard case .literal(let value) = argument else { return nil }
                fallback = value
            }
            return name == "float" ? .float(default: fallback) : .int(default: fallback)
        case ("round", 0): return .round(0)
        case ("round", 1):
            guard case .literal(let digits) = arguments[0], let number = digits.number, (0...9).contains(number) else {
                return nil
            }
            return .round(Int(number))
        case ("default", 1), ("d", 1): return .default(arguments[0])
        case ("lower", 0): return .lower
        case ("upper", 0): return .upper
        case ("trim", 0): return .trim
        case ("string", 0): return .string
        case ("bool", 0): return .bool
        case ("is_defined", 0): return .isDefined
        case ("iif", 0...2):
            return .choice(
                arguments.first ?? .literal(.bool(true)), arguments.dropFirst().first ?? .literal(.bool(false)))
        default: return nil
        }
    }

    /// What stands in parentheses; empty if there are none. `name=` in front of an argument is passed over.
    private mutating func arguments() -> [TemplateExpression]? {
        guard take("(") else { return [] }
        if take(")") { return [] }
        var arguments: [TemplateExpression] = []
        repeat {
            if case .word? = tokens.first, tokens.dropFirst().first == .sign("=") { tokens.removeFirst(2) }
            guard arguments.count < 4, let argument = choice() else { return nil }
            arguments.append(argument)
        } while take(",")
        return take(")") ? arguments : nil
    }

    private mutating func primary() -> TemplateExpression? {
        switch tokens.popFirst() {
        case .text(let text)?: return postfix(.literal(.string(text)))
        case .number(let text)?: return .literal(.number(text))
        case .sign("(")?:
            guard let inner = choice(), take(")") else { return nil }
            return postfix(inner)
        case .word(let word)?:
            switch word {
            case "value": return .value
            case "value_json": return postfix(.json)
            case "true", "True": return .literal(.bool(true))
            case "false", "False": return .literal(.bool(false))
            case "none", "None": return .literal(.null)
            case "iif":
                guard let arguments = arguments(), (1...3).contains(arguments.count) else { return nil }
                return .choice(
                    condition: arguments[0], then: arguments.count > 1 ? arguments[1] : .literal(.bool(true)),
                    otherwise: arguments.count > 2 ? arguments[2] : .literal(.bool(false)))
            default: return nil
            }
        default: return nil
        }
    }

    private mutating func postfix(_ base: TemplateExpression) -> TemplateExpression? {
        var value = base
        while true {
            if take(".") {
                switch tokens.popFirst() {
                case .word(let key)?:
                    // Methods of texts are not read.
                    if tokens.first == .sign("(") { return nil }
                    value = .member(value, key)
                default: return nil
                }
            } else if take("[") {
                switch tokens.popFirst() {
                case .text(let key)?: value = .member(value, key)
                case .number(let text)?:
                    guard let index = Int(text), (0..<4096).contains(index) else { return nil }
                    value = .element(value, index)
                default: return nil
                }
                guard take("]") else { return nil }
            } else {
                return value
            }
        }
    }
}
