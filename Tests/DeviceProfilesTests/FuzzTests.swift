import GarageDomain
import Testing

@testable import DeviceProfiles

/// A small generator of repeatable random numbers (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
        return value ^ value >> 31
    }
}

@Suite("No message can harm a profile")
struct FuzzTests {
    static let seeds: [(topic: String, payload: String)] =
        [
            NativeProfileTests.numbers, NativeProfileTests.faults, NativeProfileTests.objects,
            NativeProfileTests.states, NativeProfileTests.topics,
        ].flatMap { $0 }.filter { $0.topic.utf8.count < 200 }.map { ($0.topic, $0.payload) }
        + CommandPayloadTests.readable.map { ("garage/home/gate/front/command", $0.0) }

    @Test(arguments: 0..<16)
    func mutatedMessages(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<3000 {
            guard let message = Self.seeds.randomElement(using: &random) else { return }
            let topic = Self.mutated(Array(message.topic.utf8), using: &random)
            let payload = Self.mutated(Array(message.payload.utf8), using: &random)
            check(topic, payload)
            check(Array(message.topic.utf8), payload)
        }
    }

    @Test(arguments: 0..<8)
    func randomBytes(seed: UInt64) {
        var random = SeededGenerator(seed: seed &+ 1000)
        for _ in 0..<2000 {
            let payload = (0..<Int.random(in: 0...80, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            let alphabet = Array(#"{}[]":,\u0d8 1.-+eEnaul"#.utf8)
            let text = (0..<Int.random(in: 0...80, using: &random)).map { _ in
                alphabet.randomElement(using: &random) ?? 0
            }
            for message in [payload, text] {
                check(Array("garage/home/sensor/dht1".utf8), message)
                check(Array("garage/home/gate/front/command".utf8), message)
                _ = JSONReader.read(message)
            }
        }
    }

    /// What comes out of a message keeps its promises, whatever went in.
    private func check(_ topic: [UInt8], _ payload: [UInt8]) {
        switch Profiles.standard.interpret(topic: topic.span, payload: payload.span) {
        case .observations(let observations):
            #expect(!observations.isEmpty)
            for observation in observations {
                switch observation {
                case .reading(_, let quantity, let value): #expect(quantity.range.contains(value))
                case .fault(_, let fault): #expect(fault.raw.count <= 200)
                default: break
                }
            }
        case .command(_, let text):
            #expect(text.id.map { (1...64).contains($0.count) } ?? true)
            #expect((text.reason ?? "").count <= 200)
        case .ours, .unmapped, .nothing: break
        }
    }

    static func mutated(_ bytes: [UInt8], using random: inout SeededGenerator) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<Int.random(in: 0...4, using: &random) {
            let place = Int.random(in: 0...bytes.count, using: &random)
            switch Int.random(in: 0..<5, using: &random) {
            case 0: bytes.insert(.random(in: 0...255, using: &random), at: place)
            case 1 where place < bytes.count: bytes.remove(at: place)
            case 2 where place < bytes.count: bytes[place] = .random(in: 0...255, using: &random)
            case 3: bytes.removeSubrange(place...)
            default: bytes.insert(contentsOf: bytes.prefix(40), at: place)
            }
        }
        return bytes
    }
}
