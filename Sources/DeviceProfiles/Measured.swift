import GarageDomain

/// What a sensor's text says: a number, or the reason why there is none.
enum Measured: Hashable {
    /// Finite.
    case value(Double)
    case nothing(SensorFault.Kind)

    /// No number that a sensor prints is longer.
    static let longestNumber = 40
    /// How much of an unreadable report is kept.
    static let longestRaw = 200

    /// Reads a decimal number with a point or a comma, with blanks around it.
    init(_ text: [UInt8]) {
        let trimmed = text.drop { $0.isBlank }
        let end = trimmed.lastIndex { !$0.isBlank }
        guard let end else {
            self = .nothing(.null)
            return
        }
        let bytes = trimmed[...end]
        guard bytes.count <= Measured.longestNumber else {
            self = .nothing(.unreadable)
            return
        }
        if let number = DecimalText(bytes) {
            let value = number.value
            self = value.isFinite ? .value(value) : .nothing(.outOfRange)
        } else {
            self = .nothing(Measured.kind(ofWord: String(decoding: bytes, as: UTF8.self).lowercased()))
        }
    }

    private static func kind(ofWord word: String) -> SensorFault.Kind {
        switch word {
        case "nan", "-nan", "+nan": .notANumber
        case "inf", "+inf", "-inf", "infinity", "+infinity", "-infinity": .outOfRange
        case "null", "none", "unknown", "unavailable", "n/a": .null
        default: .unreadable
        }
    }

    /// The fault for a text that gives no value.
    static func fault(_ text: [UInt8], of quantity: Quantity?, _ kind: SensorFault.Kind) -> SensorFault {
        // A character has at most four bytes in UTF-8, but may combine several scalars: cut twice.
        let raw = String(decoding: text.prefix(4 * longestRaw), as: UTF8.self)
        return SensorFault(quantity: quantity, kind: kind, raw: String(raw.prefix(longestRaw)))
    }
}
