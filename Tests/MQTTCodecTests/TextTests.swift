import MQTTCodec
import Testing

@Suite("UTF-8 strings")
struct TextTests {
    private func isGood(_ bytes: [UInt8]) -> Bool {
        withRawBytes(bytes) { Topic.isValidName($0) }
    }

    private func isGoodBySwift(_ bytes: [UInt8]) -> Bool {
        guard let text = String(validating: bytes, as: UTF8.self) else { return false }
        return !text.isEmpty && !text.unicodeScalars.contains { $0 == "\0" || $0 == "+" || $0 == "#" }
    }

    @Test("every sequence of up to two bytes is judged as Swift judges it")
    func shortSequences() {
        for first in UInt8.min...UInt8.max {
            #expect(isGood([first]) == isGoodBySwift([first]))
            for second in UInt8.min...UInt8.max where isGood([first, second]) != isGoodBySwift([first, second]) {
                Issue.record("\(first) \(second)")
            }
        }
    }

    @Test("every code point is good at every distance from the start of a word")
    func codePoints() {
        for value in stride(from: UInt32(0x80), through: 0x10FFFF, by: 251) {
            guard let scalar = Unicode.Scalar(value) else { continue }
            let bytes = [UInt8](repeating: 0x61, count: Int(value % 17)) + Array(String(scalar).utf8)
            if !isGood(bytes) { Issue.record("U+\(String(value, radix: 16))") }
            if isGood(bytes.dropLast()), bytes.count < 3 { Issue.record("cut U+\(String(value, radix: 16))") }
        }
    }

    @Test("random mixtures are judged as Swift judges them", arguments: 0..<10 as Range<UInt64>)
    func mixtures(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let parts: [[UInt8]] = [
            [0x61], [0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68], [0xC3, 0xA9], [0xE2, 0x82, 0xAC],
            [0xF0, 0x9F, 0x9A, 0x97], [0xED, 0xA0, 0x80], [0x80], [0xC0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xE2, 0x82],
            [0x00], [0x2B], [0x23], [0xFF], [0xEF, 0xBB, 0xBF], [0x2A, 0x2C, 0x22, 0x24, 0x01],
        ]
        for _ in 0..<3_000 {
            let weight = random.below(4) == 0 ? parts.count : 5
            let bytes = (0..<random.below(7)).flatMap { _ in parts[random.below(weight)] }
            if isGood(bytes) != isGoodBySwift(bytes) { Issue.record("\(hex(bytes))") }
        }
    }

    @Test("a bad byte is seen at every position")
    func positions() {
        for bad: UInt8 in [0x00, 0x2B, 0x23, 0x80, 0xC3, 0xFF] {
            for length in 1...33 {
                for position in 0..<length {
                    var bytes = [UInt8](repeating: 0x2F, count: length)
                    bytes[position] = bad
                    if isGood(bytes) { Issue.record("\(bad) at \(position) of \(length)") }
                }
            }
        }
    }
}
