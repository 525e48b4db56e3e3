import NIOCore

extension Property {
    /// - Parameters:
    ///   - bytes: the readable bytes of `buffer`, in which `entry` was found.
    init(_ entry: PropertyReader.Entry, _ bytes: UnsafeRawBufferPointer, _ buffer: ByteBuffer) {
        var flag: Bool { entry.number == 1 }
        var short: UInt16 { UInt16(truncatingIfNeeded: entry.number) }
        var text: String { String(decoding: bytes[entry.value], as: UTF8.self) }
        var data: ByteBuffer {
            buffer.getSlice(at: buffer.readerIndex + entry.value.lowerBound, length: entry.value.count) ?? ByteBuffer()
        }
        switch entry.identifier {
        case .payloadFormatIndicator: self = .payloadFormatIndicator(flag ? .utf8 : .unspecified)
        case .messageExpiryInterval: self = .messageExpiryInterval(entry.number)
        case .contentType: self = .contentType(text)
        case .responseTopic: self = .responseTopic(text)
        case .correlationData: self = .correlationData(data)
        case .subscriptionIdentifier: self = .subscriptionIdentifier(entry.number)
        case .sessionExpiryInterval: self = .sessionExpiryInterval(entry.number)
        case .assignedClientIdentifier: self = .assignedClientIdentifier(text)
        case .serverKeepAlive: self = .serverKeepAlive(short)
        case .authenticationMethod: self = .authenticationMethod(text)
        case .authenticationData: self = .authenticationData(data)
        case .requestProblemInformation: self = .requestProblemInformation(flag)
        case .willDelayInterval: self = .willDelayInterval(entry.number)
        case .requestResponseInformation: self = .requestResponseInformation(flag)
        case .responseInformation: self = .responseInformation(text)
        case .serverReference: self = .serverReference(text)
        case .reasonString: self = .reasonString(text)
        case .receiveMaximum: self = .receiveMaximum(short)
        case .topicAliasMaximum: self = .topicAliasMaximum(short)
        case .topicAlias: self = .topicAlias(short)
        case .maximumQoS: self = .maximumQoS(flag ? .atLeastOnce : .atMostOnce)
        case .retainAvailable: self = .retainAvailable(flag)
        case .userProperty:
            self = .userProperty(
                UserProperty(name: text, value: String(decoding: bytes[entry.second], as: UTF8.self)))
        case .maximumPacketSize: self = .maximumPacketSize(entry.number)
        case .wildcardSubscriptionAvailable: self = .wildcardSubscriptionAvailable(flag)
        case .subscriptionIdentifierAvailable: self = .subscriptionIdentifierAvailable(flag)
        case .sharedSubscriptionAvailable: self = .sharedSubscriptionAvailable(flag)
        }
    }

    /// The value in the form that the wire gives it.
    private enum WireValue {
        case byte(UInt8)
        case twoBytes(UInt16)
        case fourBytes(UInt32)
        case variableByteInteger(UInt32)
        case string(String)
        case binary(ByteBuffer)
        case pair(UserProperty)
    }

    private var wireValue: WireValue {
        switch self {
        case .payloadFormatIndicator(let value): .byte(value.rawValue)
        case .maximumQoS(let value): .byte(value.rawValue)
        case .requestProblemInformation(let value), .requestResponseInformation(let value),
            .retainAvailable(let value), .wildcardSubscriptionAvailable(let value),
            .subscriptionIdentifierAvailable(let value), .sharedSubscriptionAvailable(let value):
            .byte(value ? 1 : 0)
        case .serverKeepAlive(let value), .receiveMaximum(let value), .topicAliasMaximum(let value),
            .topicAlias(let value):
            .twoBytes(value)
        case .messageExpiryInterval(let value), .sessionExpiryInterval(let value), .willDelayInterval(let value),
            .maximumPacketSize(let value):
            .fourBytes(value)
        case .subscriptionIdentifier(let value): .variableByteInteger(value)
        case .contentType(let value), .responseTopic(let value), .assignedClientIdentifier(let value),
            .authenticationMethod(let value), .responseInformation(let value), .serverReference(let value),
            .reasonString(let value):
            .string(value)
        case .correlationData(let value), .authenticationData(let value): .binary(value)
        case .userProperty(let value): .pair(value)
        }
    }

    /// The number of bytes with the identifier. Throws for what can't be written.
    func size() throws(EncodeError) -> Int {
        // Only an error needs the name, and making it is slow.
        var name: String { "\(identifier)" }
        switch wireValue {
        case .byte(let value): return 1 + (try inRange(UInt32(value), 1))
        case .twoBytes(let value): return 1 + (try inRange(UInt32(value), 2))
        case .fourBytes(let value): return 1 + (try inRange(value, 4))
        case .variableByteInteger(let value):
            return 1 + (try inRange(value, VariableByteInteger.length(of: Int(value))))
        case .string(let value):
            return 1
                + (identifier == .responseTopic
                    ? try FieldSize.topicName(value) : try FieldSize.string(value, name))
        case .binary(let value): return 1 + (try FieldSize.binary(value, name))
        case .pair(let value):
            return 1 + (try FieldSize.string(value.name, name)) + (try FieldSize.string(value.value, name))
        }
    }

    /// Writes what `size` has let pass.
    func write(to buffer: inout ByteBuffer) {
        buffer.writeInteger(identifier.rawValue)
        switch wireValue {
        case .byte(let value): buffer.writeInteger(value)
        case .twoBytes(let value): buffer.writeInteger(value)
        case .fourBytes(let value): buffer.writeInteger(value)
        case .variableByteInteger(let value): buffer.writeVariableByteInteger(Int(value))
        case .string(let value): buffer.writeField(value)
        case .binary(let value): buffer.writeField(value)
        case .pair(let value):
            buffer.writeField(value.name)
            buffer.writeField(value.value)
        }
    }

    private func inRange(_ number: UInt32, _ size: Int) throws(EncodeError) -> Int {
        guard identifier.allows(number) else { throw .propertyOutOfRange(identifier) }
        return size
    }
}
