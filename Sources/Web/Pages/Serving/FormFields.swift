/// The fields of an `application/x-www-form-urlencoded` text: a form's body or a URL's query.
enum FormFields {
    /// The fields in order. One that is not encoded properly is left out.
    static func read(_ text: String?) -> [(name: String, value: String)] {
        (text ?? "").split(separator: "&").compactMap { field in
            let parts = field.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = PercentCoding.decode(parts[0], plusIsSpace: true),
                let value = PercentCoding.decode(parts.count > 1 ? parts[1] : "", plusIsSpace: true)
            else { return nil }
            return (name, value)
        }
    }

    /// The text that `read` reads back.
    static func write(_ fields: [(name: String, value: String)]) -> String {
        fields.map { "\(PercentCoding.encode($0.name))=\(PercentCoding.encode($0.value))" }.joined(separator: "&")
    }
}
