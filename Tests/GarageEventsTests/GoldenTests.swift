import EventLog
import Foundation
import GarageDomain
import GarageEvents
import Testing

/// The files hold the data that was ever written for each type and schema version: they may be added to, never changed.
@Suite("Golden files")
struct GoldenTests {
    @Test(arguments: EventType.allCases)
    func whatWasWrittenOnceCanBeRead(type: EventType) throws {
        let data = try golden(type, version: 1)
        #expect(EventCoding.body(type: type.rawValue, schema: 1, data: data) == Examples.body(of: type))
    }

    @Test(arguments: EventType.allCases)
    func whatIsWrittenNowIsTheSameByteForByte(type: EventType) throws {
        let event = encoded(type)
        #expect(
            try String(decoding: event.data, as: UTF8.self) == String(decoding: golden(type, version: 1), as: UTF8.self)
        )
        #expect(event.schema == 1)
        #expect(event.type == type.rawValue)
        #expect(event.stream == Examples.subject(of: type).stream)
        #expect(event.chain == (type == .readingRecorded ? .telemetry : .journal))
    }

    @Test(arguments: EventType.allCases)
    func itIsAnObjectWithSortedKeys(type: EventType) throws {
        let text = String(decoding: encoded(type).data, as: UTF8.self)
        let object = try JSONSerialization.jsonObject(with: Data(text.utf8))
        let again = try JSONSerialization.data(withJSONObject: object, options: [.sortedKeys, .withoutEscapingSlashes])
        #expect(text == String(decoding: again, as: UTF8.self))
    }

    private func encoded(_ type: EventType) -> NewEvent {
        EventCoding.encode(
            DomainEvent(Examples.subject(of: type), Examples.body(of: type)), id: EventID(high: 1, low: 2), time: 3,
            metadata: EventMetadata(actor: "esp1", channel: "device"))
    }

    private func golden(_ type: EventType, version: Int) throws -> [UInt8] {
        let file = Bundle.module.bundleURL.appending(path: "Golden/\(type.rawValue).v\(version).json")
        var bytes = Array(try Data(contentsOf: file))
        // A text file ends with a line end; the data does not.
        if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
        return bytes
    }
}
