/// The part of Home Assistant's template language that device firmware uses, as a tree.
indirect enum TemplateExpression: Hashable, Sendable {
    case literal(JSONValue)
    /// `value`, the payload as text.
    case value
    /// `value_json`, the payload as JSON.
    case json
    /// `x.key`, `x['key']`
    case member(TemplateExpression, String)
    /// `x[0]`
    case element(TemplateExpression, Int)
    case filter(TemplateExpression, TemplateFilter)
    case comparison(TemplateExpression, TemplateComparison, TemplateExpression)
    case isDefined(TemplateExpression, negated: Bool)
    case not(TemplateExpression)
    /// `a if condition else b`, `iif(condition, a, b)`, `{% if %}`
    case choice(condition: TemplateExpression, then: TemplateExpression, otherwise: TemplateExpression)
    /// Pieces of text and values one behind the other.
    case joined([TemplateExpression])

    /// The keys from `value_json` to the value, if the expression reads just one member, through filters or not.
    var jsonPath: [String]? {
        switch self {
        case .json: []
        case .member(let base, let key): base.jsonPath.map { $0 + [key] }
        case .filter(let base, _): base.jsonPath
        case .joined(let parts): parts.count == 1 ? parts[0].jsonPath : nil
        case .choice(let condition, _, _): condition.jsonPath
        case .comparison(let left, _, let right): left.jsonPath ?? right.jsonPath
        case .isDefined(let base, _), .not(let base): base.jsonPath
        case .literal, .value, .element: nil
        }
    }
}

enum TemplateFilter: Hashable, Sendable {
    case float(default: JSONValue?)
    case int(default: JSONValue?)
    case round(Int)
    case `default`(TemplateExpression)
    case lower, upper, trim, string, bool
    /// Home Assistant's own: a value that is missing stays so.
    case isDefined
    /// `iif(a, b)` as a filter on the condition
    case choice(TemplateExpression, TemplateExpression)
}

enum TemplateComparison: String, Hashable, Sendable {
    case equal = "=="
    case unequal = "!="
    case less = "<"
    case lessOrEqual = "<="
    case greater = ">"
    case greaterOrEqual = ">="
}
