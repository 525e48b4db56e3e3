import NIOCore

/// The sizes of fields on the wire. Asking for the size of a packet is also the check that it can be written, so the
/// functions that write need not fail.
enum FieldSize {
    static func string(_ text: String, _ field: @autoclosure () -> String) throws(EncodeError) -> Int {
        let problem = Topic.withBytes(of: text) { TextCheck.problemOfString($0, 0..<$0.count) }
        guard problem == nil else { throw .nullCharacter(field: field()) }
        return try length(text.utf8.count, field())
    }

    static func topicName(_ name: String) throws(EncodeError) -> Int {
        guard Topic.withBytes(of: name, { TextCheck.problemOfName($0, 0..<$0.count) }) == nil else {
            throw .invalidTopicName
        }
        return try length(name.utf8.count, "topic name")
    }

    static func topicFilter(_ filter: String) throws(EncodeError) -> Int {
        guard Topic.isValidFilter(filter) else { throw .invalidTopicFilter }
        return 2 + filter.utf8.count
    }

    static func binary(_ bytes: ByteBuffer, _ field: @autoclosure () -> String) throws(EncodeError) -> Int {
        try length(bytes.readableBytes, field())
    }

    static func packetID(_ value: UInt16?) throws(EncodeError) -> Int {
        guard let value, value != 0 else { throw .packetIdentifierMissing }
        return 2
    }

    private static func length(_ count: Int, _ field: @autoclosure () -> String) throws(EncodeError) -> Int {
        guard count <= Int(UInt16.max) else { throw .fieldTooLong(field: field(), bytes: count) }
        return 2 + count
    }
}

extension ByteBuffer {
    /// Writes a string of at most 65,535 bytes with its length in front.
    mutating func writeField(_ text: String) {
        writeInteger(UInt16(truncatingIfNeeded: text.utf8.count))
        writeString(text)
    }

    /// Writes at most 65,535 bytes with their number in front.
    mutating func writeField(_ bytes: ByteBuffer) {
        writeInteger(UInt16(truncatingIfNeeded: bytes.readableBytes))
        writeImmutableBuffer(bytes)
    }
}
