import Hummingbird

/// The header `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header).
enum IdempotencyKey {
    /// The key as such, or as the structured string that the draft standard writes (`"key"`).
    static func read(_ request: Request) throws -> String? {
        guard let text = request.headers[named: "Idempotency-Key"] else { return nil }
        let isQuoted = text.count >= 2 && text.hasPrefix("\"") && text.hasSuffix("\"")
        let key = isQuoted ? String(text.dropFirst().dropLast()) : text
        guard (1...64).contains(key.utf8.count), key.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw Problem(
                status: .badRequest, type: "invalid-header", title: "A header is not valid",
                detail: "Idempotency-Key must be 1 to 64 printable ASCII characters without spaces.",
                errors: [Problem.Detail(place: .header("Idempotency-Key"), text: "1 to 64 printable ASCII characters.")]
            )
        }
        return key
    }

    /// The key came before with another request.
    static let reused = Problem(
        status: .unprocessableContent, type: "id-reused", title: "The key belongs to another request",
        detail: "Nothing was done.")
}
