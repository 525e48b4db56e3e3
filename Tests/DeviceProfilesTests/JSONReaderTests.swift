import Testing

@testable import DeviceProfiles

@Suite("JSON as devices write it")
struct JSONReaderTests {
    @Test(arguments: [
        ("null", JSONValue.null), (" true ", .bool(true)), ("false\u{0}", .bool(false)), ("-1.5e3", .number("-1.5e3")),
        ("\"\"", .string("")), (#""a\"\\\/\b\f\n\r\t\u0041""#, .string("a\"\\/\u{8}\u{C}\n\r\tA")),
        (#""\ud83d\ude97""#, .string("🚗")), ("[]", .array([])), ("{}", .object([])),
        ("[1,[2,{}]]", .array([.number("1"), .array([.number("2"), .object([])])])),
        ("{\"a\":1 ,\n\"b\":[]}", .object([.init(key: "a", value: .number("1")), .init(key: "b", value: .array([]))])),
        ("NaN", .word("NaN")), ("-inf", .word("-inf")), ("None", .word("None")), ("007", .number("007")),
    ])
    func itIsRead(text: String, value: JSONValue) {
        #expect(JSONReader.read(Array(text.utf8)) == value)
    }

    @Test(arguments: [
        "", " ", "{", "[", "\"", "\"\\", "\"\\u12", "\"\\x\"", "\"\\ud83d\"", "\"\\ud83dx\"", "\"\\ud83d\\u0041\"",
        "\"\\udc00\"", "\"\\u00g0\"", "\"\n\"", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}", "[1,]", "[,]", "[1 2]",
        "1 2", "--inf", "1.2.3", "nan1", "+", "'a'", "{\"a\":1,\"a\":1}", "//", "tru\u{0}e", "\u{FEFF}1",
        String(repeating: "9", count: 65), String(repeating: "[", count: 65_000),
        String(repeating: "[", count: 17) + String(repeating: "]", count: 17),
        "\"" + String(repeating: "x", count: 65_536) + "\"",
        "[" + Array(repeating: "1", count: 4097).joined(separator: ",") + "]",
        "{" + (0..<257).map { "\"\($0)\":1" }.joined(separator: ",") + "}",
    ])
    func itIsNoJSON(text: String) {
        #expect(JSONReader.read(Array(text.utf8)) == nil)
    }

    @Test func theBoundsAreReached() {
        let deep = String(repeating: "[", count: 16) + String(repeating: "]", count: 16)
        let wide = "[" + Array(repeating: "1", count: 4096).joined(separator: ",") + "]"
        let large = "{" + (0..<256).map { "\"\($0)\":1" }.joined(separator: ",") + "}"
        for text in [deep, wide, large] { #expect(JSONReader.read(Array(text.utf8)) != nil) }
    }

    /// Numbers on the fast way must be the nearest, as on the slow way.
    @Test func numbersAreRoundedCorrectly() {
        var random = SeededGenerator(seed: 7)
        for _ in 0..<20_000 {
            let digits = Int64.random(in: 0...999_999_999_999_999, using: &random)
            let text = "\(digits)e\(Int.random(in: -22...22, using: &random))"
            #expect(DecimalText(Array(text.utf8)[...])?.value == Double(text), "\(text)")
        }
    }
}
