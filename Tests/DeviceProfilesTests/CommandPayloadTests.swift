import DeviceProfiles
import GarageDomain
import Testing

@Suite("Gate commands over MQTT")
struct CommandPayloadTests {
    static let front = subject(.gate, "front")

    static let readable: [(String, CommandText)] = [
        ("OPEN", CommandText(action: .open)), ("close", CommandText(action: .close)),
        (" Stop\n", CommandText(action: .stop)), ("STOP\u{0}", CommandText(action: .stop)),
        (#"{"action":"open"}"#, CommandText(action: .open)),
        (#"{"action":"OPEN","id":"c-1"}"#, CommandText(action: .open, id: "c-1")),
        (
            #"{"reason":"Dona Ana \u00e9 da casa","expires_in":10,"id":17,"action":"close","extra":[{}]}"#,
            CommandText(action: .close, id: "17", expiresInSeconds: 10, reason: "Dona Ana é da casa")
        ),
        (#"{"action":"stop","id":null,"expires_in":null,"reason":null}"#, CommandText(action: .stop)),
        (#"{"action":"open","expires_in":2.9}"#, CommandText(action: .open, expiresInSeconds: 2)),
        (#"{"action":"open","expires_in":-0.5}"#, CommandText(action: .open, expiresInSeconds: -1)),
        (
            #"{"action":"open","reason":"\#(String(repeating: "é", count: 300))"}"#,
            CommandText(action: .open, reason: String(repeating: "é", count: 200))
        ),
    ]

    @Test(arguments: readable)
    func aCommandIsRead(payload: String, text: CommandText) {
        #expect(read(payload) == text)
    }

    @Test(arguments: [
        "", "TOGGLE", "OPEN CLOSE", "open;", "\"OPEN\"", "[\"open\"]", "{}", #"{"action":"toggle"}"#,
        #"{"action":true}"#, #"{"action":["open"]}"#, #"{"Action":"open"}"#, #"{"action":"open","action":"close"}"#,
        #"{"action":"open","id":""}"#, #"{"action":"open","id":"a b"}"#, #"{"action":"open","id":["x"]}"#,
        #"{"action":"open","id":"\#(String(repeating: "x", count: 65))"}"#, #"{"action":"open","expires_in":"10"}"#,
        #"{"action":"open","expires_in":1e300}"#, #"{"action":"open","reason":5}"#, #"{"action":"open"}}"#,
        #"{"action":"open""#, #"{"action":" open"}"#, #"{action:"open"}"#,
        #"{"action":"open","pad":"\#(String(repeating: "x", count: 5000))"}"#,
    ])
    func whatIsDoubtfulMovesNothing(payload: String) {
        #expect(read(payload)?.action == nil)
        #expect(read(payload) != nil)
    }

    @Test func anUnknownActionKeepsItsID() {
        #expect(read(#"{"action":"toggle","id":"c1"}"#) == CommandText(action: nil, id: "c1"))
    }

    @Test(arguments: [
        ("garage/home/gate/front/command", true), ("garage/home/gate/front/command/result", false),
        ("garage/home/gate/front/actuate", false), ("garage/home/gate/front/state", false), ("", false),
        ("garage/home/spot/front/command", false),
    ])
    func aCommandTopicIsKnown(topic: String, isCommand: Bool) {
        #expect(Profiles.standard.isCommand(topic: topic) == isCommand)
    }

    @Test func whatTheServiceSendsToDevices() {
        #expect(
            NativeProfile.actuate(Self.front, .close)
                == OutgoingMessage(topic: "garage/home/gate/front/actuate", payload: Array("CLOSE".utf8)))
        #expect(NativeProfile.stateTopic(of: Self.front) == "garage/home/gate/front/state")
        #expect(NativeProfile.commandTopic(of: Self.front) == "garage/home/gate/front/command")
        #expect(NativeProfile.eventsTopic(of: Self.front.garage) == "garage/home/events")
    }

    @Test func whatTheServiceAnswers() {
        let done = NativeProfile.commandResult(Self.front, id: "c1", action: .open, status: .completed)
        #expect(done.topic == "garage/home/gate/front/command/result")
        #expect(String(decoding: done.payload, as: UTF8.self) == #"{"id":"c1","action":"open","status":"completed"}"#)
        let refused = NativeProfile.commandResult(
            Self.front, id: "a\"\\\u{1}\u{1F}é", action: nil, status: .rejected, reason: "unreadable")
        #expect(
            String(decoding: refused.payload, as: UTF8.self)
                == #"{"id":"a\"\\\u0001\u001fé","status":"rejected","reason":"unreadable"}"#)
    }

    @Test(arguments: GateAction.allCases)
    func anActuateMessageIsAReadableCommand(action: GateAction) {
        let message = NativeProfile.actuate(Self.front, action)
        #expect(Profiles.standard.interpret(topic: message.topic, payload: message.payload) == .ours)
        #expect(read(String(decoding: message.payload, as: UTF8.self)) == CommandText(action: action))
    }

    private func read(_ payload: String) -> CommandText? {
        let reading = Profiles.standard.interpret(
            topic: "garage/home/gate/front/command", payload: Array(payload.utf8))
        guard case .command(Self.front, let text) = reading else { return nil }
        return text
    }
}
