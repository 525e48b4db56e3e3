/// A number in decimal notation: sign, digits with one point or comma, exponent.
struct DecimalText {
    /// The nearest `Double`; infinite if the number is too large for one.
    let value: Double

    init?(_ text: ArraySlice<UInt8>) {
        var rest = text
        let isNegative = rest.first == UInt8(ascii: "-")
        if isNegative || rest.first == UInt8(ascii: "+") { rest.removeFirst() }
        var mantissa: UInt64 = 0
        var digits = 0
        var significant = 0
        var decimals: Int?
        while let byte = rest.first {
            if byte.isDigit {
                digits += 1
                if significant > 0 || byte != UInt8(ascii: "0") { significant += 1 }
                // Beyond fifteen digits the slow way is taken, so that the sum need not be exact there.
                mantissa = mantissa &* 10 &+ UInt64(byte - UInt8(ascii: "0"))
                if let count = decimals { decimals = count + 1 }
            } else if byte == UInt8(ascii: ".") || byte == UInt8(ascii: ","), decimals == nil {
                decimals = 0
            } else {
                break
            }
            rest.removeFirst()
        }
        guard digits > 0, let exponent = DecimalText.exponent(rest) else { return nil }
        let scale = exponent - (decimals ?? 0)
        if significant <= 15, (-22...22).contains(scale) {
            // Both factors are exact in a Double, so one operation rounds once, and correctly.
            let power = DecimalText.powers[abs(scale)]
            let magnitude = scale < 0 ? Double(mantissa) / power : Double(mantissa) * power
            value = isNegative ? -magnitude : magnitude
        } else {
            let text = String(decoding: text, as: UTF8.self).map { $0 == "," ? "." : $0 }
            guard let parsed = Double(String(text)) else { return nil }
            value = parsed
        }
    }

    /// The exponent that ends a number: 0 if there is none, `nil` if what is left is something else.
    private static func exponent(_ text: ArraySlice<UInt8>) -> Int? {
        guard let mark = text.first else { return 0 }
        guard mark == UInt8(ascii: "e") || mark == UInt8(ascii: "E") else { return nil }
        var rest = text.dropFirst()
        let isNegative = rest.first == UInt8(ascii: "-")
        if isNegative || rest.first == UInt8(ascii: "+") { rest.removeFirst() }
        guard !rest.isEmpty, rest.count <= 5, rest.allSatisfy({ $0.isDigit }) else { return nil }
        let magnitude = rest.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
        return isNegative ? -magnitude : magnitude
    }

    private static let powers: [Double] = [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
        1e20, 1e21, 1e22,
    ]
}
