import Foundation
import GarageDomain
import Testing

@testable import GarageEvents

/// The fast decoder gives what the general one gives, or nothing.
@Suite struct FlatJSONTests {
    @Test(arguments: [
        #"{}"#, #"{"a":1}"#, #"{"a":-12,"b":"ção","c":true,"d":false,"e":null}"#, #"{"a":0}"#,
    ])
    func flatObjectsAreRead(json: String) throws {
        let object = try #require(FlatJSONObject(Array(json.utf8)))
        let general = try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
        #expect(Set(object.members.map(\.key)) == Set(general.keys))
    }

    @Test(arguments: [
        "", "{", "[]", #"{"a":1"#, #"{"a":1}x"#, #"{"a":01}"#, #"{"a":1.5}"#, #"{"a":1e3}"#, #"{"a":"\n"}"#,
        #"{"a":{}}"#,
        #"{"a":[1]}"#, #"{"a" :1}"#, #"{"a":1,}"#, #"{"a":1,"a":2}"#, #"{"a":tru}"#, #"{a:1}"#,
        #"{"a":1234567890123456789}"#, "{\"a\":\"\u{1}\"}",
    ])
    func anythingElseIsLeftToTheGeneralDecoder(json: String) {
        #expect(FlatJSONObject(Array(json.utf8)) == nil)
    }

    @Test func bytesThatAreNoTextAreNone() {
        #expect(FlatJSONObject(Array(#"{"a":""#.utf8) + [0xC3, 0x28] + Array(#""}"#.utf8)) == nil)
    }

    @Test func bothDecodersAgree() throws {
        let json = #"{"command_id":"c1","from":"closed","to":"opening","took_ms":14000}"#
        let object = try #require(FlatJSONObject(Array(json.utf8)))
        let fast = try GateMoved(from: FlatJSONDecoder(object: object))
        #expect(fast == (try JSONDecoder().decode(GateMoved.self, from: Data(json.utf8))))
        let wrong = try #require(FlatJSONObject(Array(#"{"to":"ajar"}"#.utf8)))
        #expect(throws: (any Error).self) { try GateMoved(from: FlatJSONDecoder(object: wrong)) }
    }
}
