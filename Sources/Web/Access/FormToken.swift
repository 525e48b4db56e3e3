/// Puts the session's token into forms, so that only pages of the service can post one.
enum FormToken {
    /// The name of the hidden field.
    static let field = "form_token"

    /// The HTML with the token in each form that posts.
    static func insert(_ token: String?, into html: String) -> String {
        guard let token, html.contains("method=\"post\"") else { return html }
        let input = "<input type=\"hidden\" name=\"\(field)\" value=\"\(Markup(token).html)\">"
        var result = ""
        var rest = html[...]
        while let form = rest.firstRange(of: "<form "), let end = rest[form.lowerBound...].firstIndex(of: ">") {
            let after = rest.index(after: end)
            result += rest[..<after]
            if rest[form.lowerBound..<end].contains("method=\"post\"") { result += input }
            rest = rest[after...]
        }
        return result + rest
    }
}
