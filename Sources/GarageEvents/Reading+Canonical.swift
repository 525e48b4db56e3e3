import GarageDomain

extension Reading {
    private static let heads = Quantity.allCases.map { quantity in
        (quantity: quantity, bytes: Array("{\"quantity\":\"\(quantity.rawValue)\",\"value\":".utf8))
    }

    /// Reads exactly what the writer writes, many times faster than a JSON decoder: rebuilding the views reads every
    /// reading there is. `nil` for any other form of the same.
    init?(canonical data: [UInt8]) {
        let reading = data.withUnsafeBytes { Reading(canonical: $0) }
        guard let reading else { return nil }
        self = reading
    }

    /// The same of bytes that are not in an array.
    init?(canonical data: UnsafeRawBufferPointer) {
        guard let head = Reading.heads.first(where: { Reading.begins(data, with: $0.bytes) }),
            data.last == UInt8(ascii: "}")
        else { return nil }
        let number = data[head.bytes.count..<data.count - 1]
        guard let value = Reading.plainNumber(number) ?? Reading.anyNumber(number) else { return nil }
        self.init(quantity: head.quantity, value: value)
    }

    private static func begins(_ data: UnsafeRawBufferPointer, with head: [UInt8]) -> Bool {
        guard data.count > head.count else { return false }
        for index in head.indices where data[index] != head[index] { return false }
        return true
    }

    /// The number of up to fifteen digits and one point that nearly every sensor sends; `nil` for all others.
    ///
    /// Digits and power of ten are then exact in a `Double`, so that one division gives the nearest number.
    private static func plainNumber(_ text: Slice<UnsafeRawBufferPointer>) -> Double? {
        let isNegative = text.first == UInt8(ascii: "-")
        let rest = isNegative ? text.dropFirst() : text
        guard (1...16).contains(rest.count), rest.first != UInt8(ascii: "."), rest.last != UInt8(ascii: ".") else {
            return nil
        }
        var digits: Int64 = 0
        var divisor: Double?
        for byte in rest {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                digits = digits * 10 + Int64(byte - UInt8(ascii: "0"))
                divisor = divisor.map { $0 * 10 }
            case UInt8(ascii: ".") where divisor == nil: divisor = 1
            default: return nil
            }
        }
        guard digits < 1_000_000_000_000_000 else { return nil }
        let magnitude = Double(digits) / (divisor ?? 1)
        return isNegative ? -magnitude : magnitude
    }

    private static func anyNumber(_ text: Slice<UnsafeRawBufferPointer>) -> Double? {
        guard text.first != UInt8(ascii: "+"), text.allSatisfy({ canStand(inNumber: $0) }),
            let value = Double(String(decoding: text, as: UTF8.self)), value.isFinite
        else { return nil }
        return value
    }

    private static func canStand(inNumber byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."),
            UInt8(ascii: "e"):
            true
        default: false
        }
    }
}
