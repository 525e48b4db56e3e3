import NIOCore

/// Takes the fields of one packet body one after the other. No read goes past the end of the body.
struct PacketReader {
    private var body: ByteBuffer
    let version: ProtocolVersion

    init(body: ByteBuffer, version: ProtocolVersion) {
        self.body = body
        self.version = version
    }

    /// The number of bytes that are left.
    var remaining: Int { body.readableBytes }

    mutating func byte() throws(DecodeError) -> UInt8 {
        guard let value = body.readInteger(as: UInt8.self) else { throw Self.tooShort() }
        return value
    }

    mutating func twoBytes() throws(DecodeError) -> UInt16 {
        guard let value = body.readInteger(as: UInt16.self) else { throw Self.tooShort() }
        return value
    }

    /// A packet identifier, which is never zero.
    mutating func packetID() throws(DecodeError) -> UInt16 {
        let value = try twoBytes()
        if value == 0 { throw PublishView.zeroPacketID() }
        return value
    }

    /// A string, well-formed and without U+0000.
    mutating func string() throws(DecodeError) -> String {
        try text { bytes throws(DecodeError) in
            if let problem = TextCheck.problemOfString(bytes, 0..<bytes.count) { throw .badText(problem) }
        }
    }

    /// A topic name that a message can be published under.
    mutating func topicName() throws(DecodeError) -> String {
        try text { bytes throws(DecodeError) in
            if let problem = TextCheck.problemOfName(bytes, 0..<bytes.count) { throw .badText(problem) }
            if bytes.isEmpty { throw .topicName("MQTT-4.7.3-1", "a topic name is empty") }
        }
    }

    /// A topic filter that can be subscribed to.
    mutating func topicFilter() throws(DecodeError) -> String {
        try text { bytes throws(DecodeError) in try Topic.checkFilter(bytes) }
    }

    /// A binary field with its length in front.
    mutating func binary() throws(DecodeError) -> ByteBuffer {
        let length = try twoBytes()
        guard let field = body.readSlice(length: Int(length)) else { throw Self.tooShort() }
        return field
    }

    /// A reason code that `isAllowed` lets into this packet.
    mutating func reasonCode(
        clause: String, _ isAllowed: (ReasonCode) -> Bool
    ) throws(DecodeError) -> ReasonCode {
        guard let code = ReasonCode(rawValue: try byte()), isAllowed(code) else {
            throw .protocolError(clause, "the reason code may not be in this packet")
        }
        return code
    }

    /// The property block with its length in front; empty before MQTT 5.0, where there is none.
    mutating func properties(_ allowed: PropertySet) throws(DecodeError) -> Properties {
        guard version == .v5 else { return Properties() }
        let range = try body.withUnsafeReadableBytes { bytes throws(DecodeError) -> Range<Int> in
            guard let (count, length) = try VariableByteInteger.read(bytes, at: 0) else { throw Self.tooShort() }
            guard bytes.count &- length >= count else {
                throw .malformed("MQTT-2.2.2", "the property block is longer than the packet")
            }
            return length..<(length &+ count)
        }
        let properties = try Properties(reading: body, range, allowed: allowed, repeatable: .userProperty)
        body.moveReaderIndex(forwardBy: range.upperBound)
        return properties
    }

    /// Everything that is left.
    mutating func rest() -> ByteBuffer {
        body.readSlice(length: body.readableBytes) ?? ByteBuffer()
    }

    /// Throws unless everything has been read.
    func finish() throws(DecodeError) {
        guard remaining == 0 else {
            throw .malformed("MQTT-2.1.4", "the packet has bytes behind its last field")
        }
    }

    static func tooShort() -> DecodeError {
        .malformed("MQTT-2.1.4", "the packet ends before all its fields")
    }

    private mutating func text(
        _ check: (UnsafeRawBufferPointer) throws(DecodeError) -> Void
    ) throws(DecodeError) -> String {
        let field = try binary()
        return try field.withUnsafeReadableBytes { bytes throws(DecodeError) in
            try check(bytes)
            return String(decoding: bytes, as: UTF8.self)
        }
    }
}
