import GarageDomain

/// The name that a person gave to an entity, with the words in it that say what it is.
struct ObjectName {
    /// The quantity that the name speaks of, if exactly one word does.
    let quantity: Quantity?
    /// The kind of thing that the name speaks of.
    let kind: Subject.Kind?
    /// The name without the word for the quantity; empty if that is all there is.
    let rest: String

    /// Names are short; what stands behind is not looked at.
    private static let longest = 128

    init(_ text: some StringProtocol) {
        let words = text.prefix(ObjectName.longest).split { !$0.isLetter && !$0.isNumber }
        var quantity: Quantity?
        var kind: Subject.Kind?
        var rest: [Substring] = []
        for word in words {
            let folded = Vocabulary.folded(ObjectName.withoutNumber(Substring(word)))
            if quantity == nil, folded.count > 1 || words.count == 1, let named = Vocabulary.quantity(folded) {
                quantity = named
            } else {
                if kind == nil { kind = Vocabulary.kind(folded) }
                rest.append(Substring(word))
            }
        }
        self.quantity = quantity
        self.kind = kind
        self.rest = quantity == nil ? String(text) : rest.joined(separator: "_")
    }

    /// `vaga1` is a `vaga`.
    private static func withoutNumber(_ word: Substring) -> Substring {
        var word = word
        while word.count > 1, let last = word.last, last.isNumber { word.removeLast() }
        return word
    }
}
