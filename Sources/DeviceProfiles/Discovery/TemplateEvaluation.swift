/// Applies a template to one payload. Total: whatever the payload, there is a value or there is none.
struct TemplateEvaluation {
    let text: String
    let json: JSONValue?

    func value(of expression: TemplateExpression) -> JSONValue? {
        switch expression {
        case .literal(let value): return value
        case .value: return .string(text)
        case .json: return json ?? JSONReader.read(Array(text.utf8))
        case .member(let base, let key): return value(of: base)?[key]
        case .element(let base, let index):
            let elements = value(of: base)?.elements ?? []
            return index < elements.count ? elements[index] : nil
        case .filter(let base, let filter): return apply(filter, to: value(of: base))
        case .comparison(let left, let comparison, let right):
            return .bool(compare(value(of: left), comparison, value(of: right)))
        case .isDefined(let base, let negated): return .bool((value(of: base) != nil) != negated)
        case .not(let base): return .bool(!isTrue(value(of: base)))
        case .choice(let condition, let then, let otherwise):
            return isTrue(value(of: condition)) ? value(of: then) : value(of: otherwise)
        case .joined(let parts):
            var text = ""
            for part in parts {
                guard let piece = value(of: part) else { return nil }
                text += piece.text
            }
            return .string(text)
        }
    }

    private func apply(_ filter: TemplateFilter, to value: JSONValue?) -> JSONValue? {
        switch filter {
        case .default(let fallback): return value ?? self.value(of: fallback)
        case .choice(let then, let otherwise): return self.value(of: isTrue(value) ? then : otherwise)
        case .float(let fallback):
            return value?.number.map { .number("\($0)") } ?? fallback ?? value
        case .int(let fallback):
            guard let number = value?.number, number.magnitude < 1e15 else { return fallback ?? value }
            return .number("\(Int(number))")
        case .round(let digits):
            // A text that is no number (`nan`) stays what it is, for the fault that it means.
            guard let number = value?.number, number.magnitude < 1e15 else { return value }
            var scale = 1.0
            for _ in 0..<digits { scale *= 10 }
            return .number("\((number * scale).rounded(.toNearestOrEven) / scale)")
        case .lower: return value.map { .string($0.text.lowercased()) }
        case .upper: return value.map { .string($0.text.uppercased()) }
        case .trim:
            return value.map { .string(String($0.text.split(whereSeparator: \.isWhitespace).joined(separator: " "))) }
        case .string: return value.map { .string($0.text) }
        case .bool: return .bool(isTrue(value))
        case .isDefined: return value
        }
    }

    /// The truth of a value as the template language sees it.
    private func isTrue(_ value: JSONValue?) -> Bool {
        switch value {
        case nil, .null?: false
        case .bool(let value)?: value
        case .number?: value?.number != 0
        case .string(let text)?, .word(let text)?: !text.isEmpty
        case .array(let elements)?: !elements.isEmpty
        case .object(let members)?: !members.isEmpty
        }
    }

    private func compare(_ left: JSONValue?, _ comparison: TemplateComparison, _ right: JSONValue?) -> Bool {
        switch comparison {
        case .equal: return isEqual(left, right)
        case .unequal: return !isEqual(left, right)
        default: break
        }
        guard let left = left?.number, let right = right?.number else { return false }
        return switch comparison {
        case .less: left < right
        case .lessOrEqual: left <= right
        case .greater: left > right
        case .greaterOrEqual: left >= right
        case .equal, .unequal: false
        }
    }

    private func isEqual(_ left: JSONValue?, _ right: JSONValue?) -> Bool {
        if case .number? = left, case .number? = right { return left?.number == right?.number }
        return (left ?? .null) == (right ?? .null)
    }
}
