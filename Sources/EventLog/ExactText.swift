/// A text that equals another only if its bytes do, as SQLite sees it. Swift's own equality takes `é` as one character and
/// `é` as two for the same, and would hash one name while the other one is stored.
struct ExactText: Hashable {
    let text: String

    init(_ text: String) { self.text = text }

    static func == (left: ExactText, right: ExactText) -> Bool {
        var (left, right) = (left.text, right.text)
        return left.withUTF8 { left in
            right.withUTF8 { right in
                // Whole buffers, because comparing through the strings' own views costs several times as much.
                left.elementsEqual(right)
            }
        }
    }

    func hash(into hasher: inout Hasher) {
        var text = text
        text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
}
