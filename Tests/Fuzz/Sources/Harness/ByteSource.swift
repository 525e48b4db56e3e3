/// Turns bytes into decisions, for cases that are programs; zeros when they are used up.
struct ByteSource {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) {
        rest = bytes[...]
    }

    var isEmpty: Bool { rest.isEmpty }

    /// Takes the last bytes if they are behind this one.
    mutating func end(behind mark: UInt8, _ count: Int) -> [UInt8]? {
        guard rest.count > count, rest.dropLast(count).last == mark else { return nil }
        let end = Array(rest.suffix(count))
        rest = rest.dropLast(count + 1)
        return end
    }

    mutating func byte() -> UInt8 { rest.popFirst() ?? 0 }

    /// A number below `bound`.
    mutating func below(_ bound: Int) -> Int { Int(byte()) % bound }

    mutating func element<Element>(of choices: [Element]) -> Element { choices[below(choices.count)] }

    /// Up to `count` bytes as they are.
    mutating func take(_ count: Int) -> [UInt8] {
        defer { rest = rest.dropFirst(count) }
        return Array(rest.prefix(count))
    }
}
