/// Steps through the property block of a received packet in place, and checks it on the way: known identifiers that
/// this packet may carry, none twice, whole values in their ranges, well-formed strings (MQTT 5.0 section 2.2.2).
///
/// It copies and allocates nothing, so that a server can look at single properties of a PUBLISH it forwards.
public struct PropertyReader {
    /// A property where it lies. All ranges are offsets into the bytes given to the reader.
    public struct Entry: Sendable, Hashable {
        public let identifier: PropertyIdentifier
        /// The whole property, identifier and length prefixes included.
        public let whole: Range<Int>
        /// The value without its length prefix; for a user property its name.
        public let value: Range<Int>
        /// The value of a user property; empty for every other one.
        public let second: Range<Int>
        /// The value of a numeric property; 0 for every other one.
        public let number: UInt32
    }

    private let bytes: UnsafeRawBufferPointer
    private let end: Int
    private let allowed: PropertySet
    private let repeatable: PropertySet
    private var at: Int
    private var seen = PropertySet()

    /// A reader for the properties of a PUBLISH, such as `PublishView.properties`.
    /// - Precondition: `range` lies within `bytes`, which must outlive the reader.
    public init(publish bytes: UnsafeRawBufferPointer, _ range: Range<Int>) {
        self.init(bytes, range, allowed: .publish, repeatable: [.userProperty, .subscriptionIdentifier])
    }

    init(
        _ bytes: UnsafeRawBufferPointer, _ range: Range<Int>, allowed: PropertySet,
        repeatable: PropertySet = .userProperty
    ) {
        self.bytes = bytes
        self.at = range.lowerBound
        self.end = range.upperBound
        self.allowed = allowed
        self.repeatable = repeatable
    }

    /// The next property, or nil behind the last one.
    public mutating func next() throws(DecodeError) -> Entry? {
        guard at < end else { return nil }
        let start = at
        // Identifiers are variable byte integers, but all that exist take one byte.
        guard let identifier = PropertyIdentifier(rawValue: bytes[at]) else {
            throw .malformed("MQTT-2.2.2.2", "a property has an unknown identifier")
        }
        at &+= 1
        let one = PropertySet(identifier)
        guard allowed.isSuperset(of: one) else {
            throw .malformed("MQTT-2.2.2.2", "a property may not be in this packet")
        }
        if seen.isSuperset(of: one), !repeatable.isSuperset(of: one) {
            throw .protocolError("MQTT-2.2.2.2", "a property is there twice")
        }
        seen.formUnion(one)
        var value = at..<at
        var second = value
        var number: UInt32 = 0
        switch identifier.form {
        case .byte:
            value = try take(1)
            number = UInt32(bytes[value.lowerBound])
        case .twoBytes:
            value = try take(2)
            number = UInt32(PublishView.bigEndian(bytes, at: value.lowerBound))
        case .fourBytes:
            value = try take(4)
            number = UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: value.lowerBound, as: UInt32.self))
        case .variableByteInteger:
            let within = UnsafeRawBufferPointer(rebasing: bytes[..<end])
            guard let read = try VariableByteInteger.read(within, at: at) else { throw truncated() }
            value = try take(read.length)
            number = UInt32(truncatingIfNeeded: read.value)
        case .binary: value = try takeField()
        case .string:
            value = try takeField()
            try identifier == .responseTopic ? checkResponseTopic(value) : checkString(value)
        case .stringPair:
            value = try takeField()
            try checkString(value)
            second = try takeField()
            try checkString(second)
        }
        guard identifier.allows(number) else { throw outOfRange(identifier) }
        return Entry(identifier: identifier, whole: start..<at, value: value, second: second, number: number)
    }

    @inline(__always)
    private mutating func take(_ count: Int) throws(DecodeError) -> Range<Int> {
        guard end &- at >= count else { throw truncated() }
        let start = at
        at &+= count
        return Range(uncheckedBounds: (start, at))
    }

    @inline(__always)
    private mutating func takeField() throws(DecodeError) -> Range<Int> {
        let length = try take(2)
        return try take(Int(PublishView.bigEndian(bytes, at: length.lowerBound)))
    }

    @inline(__always)
    private func checkString(_ range: Range<Int>) throws(DecodeError) {
        if let problem = TextCheck.problemOfString(bytes, range) { throw .badText(problem) }
    }

    private func checkResponseTopic(_ range: Range<Int>) throws(DecodeError) {
        switch TextCheck.problemOfName(bytes, range) {
        case .wildcard: throw .topicName("MQTT-3.3.2-14", "the response topic contains a wildcard character")
        case .some(let problem): throw .badText(problem)
        case nil: break
        }
        if range.isEmpty { throw .topicName("MQTT-4.7.3-1", "the response topic is empty") }
    }

    private func truncated() -> DecodeError {
        .malformed("MQTT-2.2.2", "a property is longer than the property block")
    }

    private func outOfRange(_ identifier: PropertyIdentifier) -> DecodeError {
        if identifier == .topicAlias {
            return DecodeError(
                reasonCode: .topicAliasInvalid, clause: "MQTT-3.3.2-8", detail: "the topic alias is 0")
        }
        return .protocolError("MQTT-2.2.2.2", "a property's value is out of range")
    }
}
