import Foundation
import GarageDomain
import Testing

@testable import Web

@Suite struct FormatTests {
    @Test(arguments: [
        (0, "1970-01-01T00:00:00.000000Z"), (-1, "1969-12-31T23:59:59.999999Z"),
        (951_782_400_000_000, "2000-02-29T00:00:00.000000Z"), (1_740_830_403_120_000, "2025-03-01T12:00:03.120000Z"),
        (4_107_542_399_999_999, "2100-02-28T23:59:59.999999Z"),
        (253_402_300_799_999_999, "9999-12-31T23:59:59.999999Z"),
        (-62_135_596_800_000_000, "0001-01-01T00:00:00.000000Z"),
    ])
    func times(microseconds: Int64, text: String) {
        let time = Timestamp(microseconds: microseconds)
        #expect(Instant.text(time) == text)
        #expect(Instant.time(text) == time)
    }

    @Test(arguments: [
        ("2025-03-01T12:00:03Z", 1_740_830_403_000_000), ("2025-03-01t12:00:03z", 1_740_830_403_000_000),
        ("2025-03-01 12:00:03Z", 1_740_830_403_000_000), ("2025-03-01T09:00:03-03:00", 1_740_830_403_000_000),
        ("2025-03-01T17:45:03+05:45", 1_740_830_403_000_000), ("2025-03-01T17:45:03 05:45", 1_740_830_403_000_000),
        ("2025-03-01T12:00:03.5Z", 1_740_830_403_500_000),
        ("2025-03-01T12:00:03.1234567890123Z", 1_740_830_403_123_456),
        ("2016-12-31T23:59:60Z", 1_483_228_799_000_000),
    ])
    func formsOfTimes(text: String, microseconds: Int64) {
        #expect(Instant.time(text)?.microseconds == microseconds)
    }

    @Test(arguments: [
        "", "2025", "2025-03-01", "2025-03-01T12:00", "2025-03-01T12:00:03", "2025-13-01T00:00:00Z",
        "2025-00-01T00:00:00Z",
        "2025-02-29T00:00:00Z", "2025-04-31T00:00:00Z", "2025-03-01T24:00:00Z", "2025-03-01T12:60:00Z",
        "2025-03-01T12:00:61Z", "2025-03-01T12:00:03.Z", "2025-03-01T12:00:03+3:00", "2025-03-01T12:00:03+24:00",
        "2025-03-01T12:00:03Zx", "+2025-03-01T12:00:03Z", "２025-03-01T12:00:03Z", "1740830403",
    ])
    func noTimes(text: String) {
        #expect(Instant.time(text) == nil)
    }

    @Test func everyMomentHasAText() {
        for microseconds in [Int64.min, .min + 1, -1, 0, .max - 1, .max] {
            #expect(Instant.text(Timestamp(microseconds: microseconds)).hasSuffix("Z"))
        }
    }

    /// The calendar against the system's, over four centuries.
    @Test func theCalendarIsTheSystems() throws {
        let formatter = ISO8601DateFormatter()
        formatter.formatOptions = [.withFullDate]
        for day in stride(from: -36_524, through: 109_572, by: 37) {
            let date = Date(timeIntervalSince1970: Double(day) * 86_400)
            let text = Instant.text(Timestamp(microseconds: Int64(day) * 86_400_000_000))
            #expect(text.prefix(10) == formatter.string(from: date))
            #expect(Instant.time(text)?.microseconds == Int64(day) * 86_400_000_000)
        }
    }

    @Test func stringsAreEscaped() throws {
        var json = JSONWriter()
        let text = "quote \" slash \\ line \n return \r tab \t bell \u{7} é 🚗 \u{2028} <script>"
        json.object { json in
            json.member("text", text)
            json.member("nothing", nil as String?)
            json.member("number", 23.4)
            json.member("infinite", Double.infinity)
            json.member("data", json: Array("{\n  \"a\": 1\r\n}".utf8))
            json.array("list", ["a", "b"]) { $0.element($1) }
        }
        #expect(json.bytes.allSatisfy { $0 >= 0x20 })
        let object = try #require(try JSONSerialization.jsonObject(with: Data(json.bytes)) as? [String: Any])
        #expect(object["text"] as? String == text)
        #expect(object["nothing"] is NSNull)
        #expect(object["number"] as? Double == 23.4)
        #expect(object["infinite"] is NSNull)
        #expect(object["data"] as? [String: Int] == ["a": 1])
        #expect(object["list"] as? [String] == ["a", "b"])
    }

    @Test(arguments: [
        ("plain", "plain"), ("a,b", "\"a,b\""), ("say \"hi\"", "\"say \"\"hi\"\"\""), ("two\nlines", "\"two\nlines\""),
        ("=1+1", "'=1+1"), ("+1", "'+1"), ("-1", "'-1"), ("@SUM(A1)", "'@SUM(A1)"), ("\tx", "'\tx"), ("＝1", "'＝1"),
        ("=a,b", "\"'=a,b\""), ("", ""), ("a=b", "a=b"),
    ])
    func cells(value: String, cell: String) {
        var csv = CSVWriter()
        csv.text(value)
        csv.number(-1.5)
        csv.text(nil)
        csv.endLine()
        #expect(String(decoding: csv.take(), as: UTF8.self) == cell + ",-1.5,\r\n")
    }

    @Test func percentCoding() {
        #expect(PercentCoding.decode("a%20b+c", plusIsSpace: true) == "a b c")
        #expect(PercentCoding.decode("a%20b+c") == "a b+c")
        #expect(PercentCoding.decode("%C3%A9") == "é")
        for broken in ["%", "%4", "%zz", "%C3", "%FF"] { #expect(PercentCoding.decode(broken) == nil) }
        #expect(PercentCoding.encode("a/é ~") == "a%2F%C3%A9%20~")
    }
}
