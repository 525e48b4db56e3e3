import EventLog
import Testing

@Suite struct EventIDTests {
    @Test func textAndBytesAgree() throws {
        let text = "018bcfe5-6800-7abc-8def-0123456789ab"
        let id = try #require(EventID(text))
        #expect(id.description == text)
        #expect(EventID(text.uppercased()) == id)
        #expect(id.high == 0x018b_cfe5_6800_7abc)
        #expect(id.low == 0x8def_0123_4567_89ab)
    }

    @Test(arguments: [
        "", "018bcfe5-6800-7abc-8def-0123456789a", "018bcfe5-6800-7abc-8def-0123456789abc",
        "018bcfe5x6800-7abc-8def-0123456789ab", "018bcfe5-6800-7abc-8def-0123456789ag",
        "é18bcfe5-6800-7abc-8def-0123456789a",
    ]) func otherTextIsRefused(text: String) {
        #expect(EventID(text) == nil)
    }

    @Test func idsSortByTime() {
        let ids = [Int64(0), 1000, 1_700_000_000_000_000, .max].map { EventID.make(at: $0) }
        #expect(ids == ids.sorted())
        for id in ids {
            #expect(id.high >> 12 & 0xF == 7)
            #expect(id.low >> 62 == 2)
        }
    }
}
