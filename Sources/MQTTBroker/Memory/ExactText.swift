/// Text compared byte by byte, as MQTT compares topics, filters and client identifiers. Swift's `String` holds canonically
/// equivalent texts for equal, MQTT does not.
struct ExactText: Hashable, Sendable {
    let text: String

    init(_ text: String) {
        self.text = text
    }

    /// The same on every shard and in every run (FNV-1a).
    var stableHash: UInt64 {
        text.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0100_0000_01B3 }
    }

    static func == (left: ExactText, right: ExactText) -> Bool {
        let (left, right) = (left.text.utf8, right.text.utf8)
        // As memory where a text lies in one piece, which is a fraction of the work.
        let inOnePiece = left.withContiguousStorageIfAvailable { left in
            right.withContiguousStorageIfAvailable { right in
                RouteCache.equal(UnsafeRawBufferPointer(left), UnsafeRawBufferPointer(right))
            }
        }
        if case .some(.some(let isEqual)) = inOnePiece { return isEqual }
        return left.elementsEqual(right)
    }

    func hash(into hasher: inout Hasher) {
        var text = text
        text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
        hasher.combine(0xFF as UInt8)
    }
}
