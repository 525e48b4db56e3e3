import MQTTCodec

/// What holds for every packet that a server sends, checked by a reader that shares no code with the broker.
struct WireRules {
    private let version: ProtocolVersion
    private var maximumPacketSize = Int.max
    private var topicAliasMaximum = 0
    private var mayTellProblems = true
    private var hasConnack = false
    private var hasEnded = false

    init(version: ProtocolVersion) {
        self.version = version
    }

    /// What the client asked for.
    mutating func note(_ connect: Connect) {
        maximumPacketSize = connect.properties.maximumPacketSize.map(Int.init) ?? .max
        topicAliasMaximum = Int(connect.properties.topicAliasMaximum ?? 0)
        mayTellProblems = connect.properties.requestProblemInformation ?? true
    }

    /// The statements that the packet violates.
    mutating func check(_ frame: RawFrame) -> [String] {
        var violations: [String] = []
        func require(_ condition: Bool, _ statement: String) {
            if !condition { violations.append(statement) }
        }
        require(!hasEnded, "MQTT-3.14.4-1 a packet behind DISCONNECT")
        require(frame.bytes.count <= maximumPacketSize, "MQTT-3.1.2-24 larger than the client's Maximum Packet Size")
        require(
            Raw.length(frame.bytes.count - frame.headerLength).count == frame.headerLength - 1,
            "MQTT-1.5.5-1 a length that is not minimal")
        require(frame.type == 3 || frame.flags == (frame.type == 6 ? 2 : 0), "MQTT-2.1.3-1 reserved flags")
        if frame.type == 2 {
            require(!hasConnack, "MQTT-3.2.0-2 a second CONNACK")
            hasConnack = true
        } else {
            require(hasConnack || frame.type == 15, "MQTT-3.2.0-1 a packet before CONNACK")
        }
        do {
            violations += try body(frame)
        } catch {
            violations.append("a packet that can't be read")
        }
        if frame.type == 14 { hasEnded = true }
        return violations
    }

    private struct Unreadable: Error {}

    private func body(_ frame: RawFrame) throws -> [String] {
        var reader = Reader(bytes: frame.body)
        switch frame.type {
        case 2: return try connack(&reader)
        case 3: return try publish(frame, &reader)
        case 4, 5, 6, 7: return try acknowledgement(frame.type, &reader)
        case 9, 11: return try subscriptionAnswer(frame.type, &reader)
        case 13: return reader.isAtEnd ? [] : ["a PINGRESP with a body"]
        case 14 where version == .v5: return try disconnect(&reader)
        case 15 where version == .v5: return try auth(&reader)
        default: return ["a packet type that a server does not send"]
        }
    }

    private func connack(_ reader: inout Reader) throws -> [String] {
        var violations: [String] = []
        let flags = try reader.byte()
        let code = try reader.byte()
        if flags & 0xFE != 0 { violations.append("MQTT-3.2.2-1 reserved flags of CONNACK") }
        if code != 0, flags != 0 { violations.append("MQTT-3.2.2-6 a refusal with Session Present") }
        if version == .v5 {
            if !Codes.connack.contains(code) { violations.append("MQTT-3.2.2-8 a code that CONNACK has not") }
            violations += try properties(&reader, allowed: Codes.connackProperties, tellsProblems: true)
        } else if code > 5 {
            violations.append("MQTT311-3.2.2-6 a return code that CONNACK has not")
        }
        return violations + reader.rest()
    }

    private func publish(_ frame: RawFrame, _ reader: inout Reader) throws -> [String] {
        var violations: [String] = []
        let qos = frame.flags >> 1 & 3
        if qos == 3 { violations.append("MQTT-3.3.1-4 both QoS bits") }
        if qos == 0, frame.flags & 8 != 0 { violations.append("MQTT-3.3.1-2 DUP with QoS 0") }
        let topic = try reader.field()
        if String(validating: topic, as: UTF8.self) == nil { violations.append("MQTT-1.5.4-1 ill-formed UTF-8") }
        if topic.contains(0) { violations.append("MQTT-1.5.4-2 U+0000") }
        if topic.contains(0x23) || topic.contains(0x2B) { violations.append("MQTT-3.3.2-2 a wildcard in a topic name") }
        if qos > 0, try reader.twoBytes() == 0 { violations.append("MQTT-2.2.1-4 packet identifier 0") }
        if version == .v5 {
            let (list, found) = try reader.properties(allowed: Codes.publishProperties)
            violations += found
            if let alias = list.first(where: { $0.identifier == 0x23 }) {
                if alias.number == 0 { violations.append("MQTT-3.3.2-8 topic alias 0") }
                if alias.number > topicAliasMaximum {
                    violations.append("MQTT-3.1.2-26 a topic alias above the client's maximum")
                }
            } else if topic.isEmpty {
                violations.append("MQTT-4.7.3-1 an empty topic name")
            }
        } else if topic.isEmpty {
            violations.append("MQTT-4.7.3-1 an empty topic name")
        }
        return violations
    }

    private func acknowledgement(_ type: UInt8, _ reader: inout Reader) throws -> [String] {
        var violations: [String] = []
        if try reader.twoBytes() == 0 { violations.append("MQTT-2.2.1-5 packet identifier 0") }
        if version == .v5, !reader.isAtEnd {
            let code = try reader.byte()
            let allowed = type < 6 ? Codes.puback : Codes.pubrel
            if !allowed.contains(code) { violations.append("MQTT-3.4.2-1 a code that packet type \(type) has not") }
            if !reader.isAtEnd { violations += try properties(&reader, allowed: [0x1F, 0x26]) }
        }
        return violations + reader.rest()
    }

    private func subscriptionAnswer(_ type: UInt8, _ reader: inout Reader) throws -> [String] {
        var violations: [String] = []
        if try reader.twoBytes() == 0 { violations.append("MQTT-2.2.1-6 packet identifier 0") }
        if version == .v5 { violations += try properties(&reader, allowed: [0x1F, 0x26]) }
        if type == 11, version != .v5 { return violations + reader.rest() }
        if reader.isAtEnd { violations.append("MQTT-3.8.4-6 no reason code") }
        let allowed = version != .v5 ? [0, 1, 2, 0x80] : type == 9 ? Codes.suback : Codes.unsuback
        while !reader.isAtEnd {
            if !allowed.contains(try reader.byte()) {
                violations.append("MQTT-3.9.3-2 a code that packet type \(type) has not")
            }
        }
        return violations
    }

    private func disconnect(_ reader: inout Reader) throws -> [String] {
        var violations: [String] = []
        guard !reader.isAtEnd else { return [] }
        if !Codes.disconnect.contains(try reader.byte()) {
            violations.append("MQTT-3.14.2-1 a code that a server's DISCONNECT has not")
        }
        if !reader.isAtEnd {
            // Session Expiry Interval is not among them [MQTT-3.14.2-2].
            violations += try properties(&reader, allowed: [0x1C, 0x1F, 0x26], tellsProblems: true)
        }
        return violations + reader.rest()
    }

    private func auth(_ reader: inout Reader) throws -> [String] {
        var violations: [String] = []
        guard !reader.isAtEnd else { return [] }
        if ![0, 0x18, 0x19].contains(try reader.byte()) {
            violations.append("MQTT-3.15.2-1 a code that AUTH has not")
        }
        violations += try properties(&reader, allowed: [0x15, 0x16, 0x1F, 0x26])
        return violations + reader.rest()
    }

    private func properties(
        _ reader: inout Reader, allowed: Set<UInt8>, tellsProblems: Bool = false
    ) throws -> [String] {
        let (list, found) = try reader.properties(allowed: allowed)
        let tells = list.contains { $0.identifier == 0x1F || $0.identifier == 0x26 }
        guard tells, !mayTellProblems, !tellsProblems else { return found }
        return found + ["MQTT-3.1.2-29 problem information that was not asked for"]
    }

    /// Reads the fields of one packet.
    private struct Reader {
        var bytes: ArraySlice<UInt8>

        var isAtEnd: Bool { bytes.isEmpty }

        mutating func byte() throws -> UInt8 {
            guard let byte = bytes.popFirst() else { throw Unreadable() }
            return byte
        }

        mutating func twoBytes() throws -> Int { Int(try byte()) << 8 | Int(try byte()) }

        mutating func field() throws -> ArraySlice<UInt8> {
            let count = try twoBytes()
            guard bytes.count >= count else { throw Unreadable() }
            defer { bytes.removeFirst(count) }
            return bytes.prefix(count)
        }

        mutating func variableByteInteger() throws -> (value: Int, length: Int) {
            var value = 0
            for index in 0..<4 {
                let next = try byte()
                value |= Int(next & 0x7F) << (7 * index)
                if next & 0x80 == 0 { return (value, index + 1) }
            }
            throw Unreadable()
        }

        func rest() -> [String] { isAtEnd ? [] : ["bytes behind the last field"] }

        /// The properties of a packet, and what is wrong with them.
        mutating func properties(
            allowed: Set<UInt8>
        ) throws -> (list: [(identifier: UInt8, number: Int)], violations: [String]) {
            let (count, length) = try variableByteInteger()
            guard bytes.count >= count else { throw Unreadable() }
            var violations: [String] = []
            if Raw.length(count).count != length { violations.append("MQTT-1.5.5-1 a Property Length not minimal") }
            var inner = Reader(bytes: bytes.prefix(count))
            bytes.removeFirst(count)
            var list: [(identifier: UInt8, number: Int)] = []
            while !inner.isAtEnd {
                let identifier = try inner.byte()
                if !allowed.contains(identifier) {
                    violations.append("property \(Raw.hex([identifier])) in a packet that has it not")
                }
                var number = 0
                switch identifier {
                case 0x01, 0x17, 0x19, 0x24, 0x25, 0x28, 0x29, 0x2A: number = Int(try inner.byte())
                case 0x13, 0x21, 0x22, 0x23: number = try inner.twoBytes()
                case 0x02, 0x11, 0x18, 0x27: number = try inner.twoBytes() << 16 | inner.twoBytes()
                case 0x0B: number = try inner.variableByteInteger().value
                case 0x26:
                    violations += Self.textViolations(try inner.field())
                    violations += Self.textViolations(try inner.field())
                case 0x09, 0x16: _ = try inner.field()
                default: violations += Self.textViolations(try inner.field())
                }
                list.append((identifier, number))
            }
            return (list, violations)
        }

        private static func textViolations(_ text: ArraySlice<UInt8>) -> [String] {
            guard String(validating: text, as: UTF8.self) != nil else { return ["MQTT-1.5.7-1 ill-formed UTF-8"] }
            return text.contains(0) ? ["MQTT-1.5.7-1 U+0000"] : []
        }
    }

    /// Tables 3-1, 3-4, 3-5, 3-6, 3-7, 3-8, 3-9 and 3-10 of the specification, a server's side.
    private enum Codes {
        static let connack: Set<UInt8> = [
            0, 0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8A, 0x8C, 0x90, 0x95, 0x97, 0x99, 0x9A,
            0x9B, 0x9C, 0x9D, 0x9F,
        ]
        static let connackProperties: Set<UInt8> = [
            0x11, 0x12, 0x13, 0x15, 0x16, 0x1A, 0x1C, 0x1F, 0x21, 0x22, 0x24, 0x25, 0x26, 0x27, 0x28, 0x29, 0x2A,
        ]
        static let publishProperties: Set<UInt8> = [0x01, 0x02, 0x03, 0x08, 0x09, 0x0B, 0x23, 0x26]
        static let puback: Set<UInt8> = [0, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99]
        static let pubrel: Set<UInt8> = [0, 0x92]
        static let suback: Set<UInt8> = [0, 1, 2, 0x80, 0x83, 0x87, 0x8F, 0x91, 0x97, 0x9E, 0xA1, 0xA2]
        static let unsuback: Set<UInt8> = [0, 0x11, 0x80, 0x83, 0x87, 0x8F, 0x91]
        static let disconnect: Set<UInt8> = [
            0, 0x80, 0x81, 0x82, 0x83, 0x87, 0x89, 0x8B, 0x8D, 0x8E, 0x8F, 0x90, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98,
            0x99, 0x9A, 0x9B, 0x9C, 0x9D, 0x9E, 0x9F, 0xA0, 0xA1, 0xA2,
        ]
    }
}
