import MQTTCodec

/// The parts of an outgoing PUBLISH. Its size is known before it is written.
struct OutgoingPublish {
    var topic: UnsafeRawBufferPointer
    /// Without expiry interval, topic alias and subscription identifiers.
    var properties: UnsafeRawBufferPointer
    var payload: UnsafeRawBufferPointer
    /// Seconds left; `nil` for a message that does not expire.
    var expiry: UInt32?
    var identifiers: SubscriptionIdentifiers?
    /// Sent beside the topic, or alone where the topic is empty; 0 for none. MQTT 5 only.
    var alias: UInt16 = 0

    /// Bytes behind the fixed header.
    func remainingLength(isV5: Bool, hasPacketID: Bool) -> Int {
        var length = 2 &+ topic.count &+ payload.count &+ (hasPacketID ? 2 : 0)
        if isV5 {
            let block = propertyLength
            length = length &+ VariableByteInteger.length(of: block) &+ block
        }
        return length
    }

    /// Bytes of the whole packet.
    func encodedCount(isV5: Bool, hasPacketID: Bool) -> Int {
        let remaining = remainingLength(isV5: isV5, hasPacketID: hasPacketID)
        return 1 &+ VariableByteInteger.length(of: remaining) &+ remaining
    }

    /// Appends the packet. `packetID` 0 stands for none.
    func write(to out: inout RawBytes, firstByte: UInt8, isV5: Bool, packetID: UInt16) {
        let remaining = remainingLength(isV5: isV5, hasPacketID: packetID != 0)
        var at = out.extend(by: 1 &+ VariableByteInteger.length(of: remaining) &+ remaining)
        put(firstByte, &at)
        at += VariableByteInteger.write(remaining, to: at)
        put(UInt16(truncatingIfNeeded: topic.count), &at)
        put(topic, &at)
        if packetID != 0 { put(packetID, &at) }
        if isV5 { writeProperties(&at) }
        put(payload, &at)
    }

    private var propertyLength: Int {
        properties.count &+ (expiry == nil ? 0 : 5) &+ (alias == 0 ? 0 : 3) &+ (identifiers?.encodedCount ?? 0)
    }

    private func writeProperties(_ at: inout UnsafeMutableRawPointer) {
        at += VariableByteInteger.write(propertyLength, to: at)
        if let expiry {
            put(PropertyIdentifier.messageExpiryInterval.rawValue, &at)
            put(UInt16(truncatingIfNeeded: expiry >> 16), &at)
            put(UInt16(truncatingIfNeeded: expiry), &at)
        }
        if alias != 0 {
            put(PropertyIdentifier.topicAlias.rawValue, &at)
            put(alias, &at)
        }
        if let identifiers {
            for value in identifiers.values {
                put(PropertyIdentifier.subscriptionIdentifier.rawValue, &at)
                at += VariableByteInteger.write(Int(value), to: at)
            }
        }
        put(properties, &at)
    }

    @inline(__always)
    private func put(_ byte: UInt8, _ at: inout UnsafeMutableRawPointer) {
        at.storeBytes(of: byte, as: UInt8.self)
        at += 1
    }

    @inline(__always)
    private func put(_ number: UInt16, _ at: inout UnsafeMutableRawPointer) {
        at.storeBytes(of: number.bigEndian, as: UInt16.self)
        at += 2
    }

    @inline(__always)
    private func put(_ bytes: UnsafeRawBufferPointer, _ at: inout UnsafeMutableRawPointer) {
        guard let source = bytes.baseAddress, bytes.count > 0 else { return }
        at.copyMemory(from: source, byteCount: bytes.count)
        at += bytes.count
    }
}
