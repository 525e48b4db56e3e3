import NIOCore

/// SUBACK (MQTT 5.0 section 3.9).
public struct Suback: Sendable, Hashable {
    public var packetID: UInt16
    /// One for each subscription of the SUBSCRIBE, in its order. MQTT 3.1 and 3.1.1 write every error as 0x80.
    public var reasonCodes: [ReasonCode]
    public var properties: Properties

    public init(packetID: UInt16, reasonCodes: [ReasonCode], properties: Properties = Properties()) {
        self.packetID = packetID
        self.reasonCodes = reasonCodes
        self.properties = properties
    }
}

extension Suback {
    static func read(_ reader: inout PacketReader) throws(DecodeError) -> Suback {
        let packetID = try reader.packetID()
        let properties = try reader.properties(.acknowledgement)
        var codes: [ReasonCode] = []
        let isAllowed = reader.version == .v5 ? allows : allowsInVersion3
        while reader.remaining > 0 {
            codes.append(try reader.reasonCode(clause: "MQTT-3.9.3-2", isAllowed))
        }
        if codes.isEmpty {
            throw .protocolError("MQTT-3.8.4-6", "a SUBACK has no reason code")
        }
        return Suback(packetID: packetID, reasonCodes: codes, properties: properties)
    }

    private static func allows(_ code: ReasonCode) -> Bool {
        switch code {
        case .success, .grantedQoS1, .grantedQoS2, .unspecifiedError, .implementationSpecificError, .notAuthorized,
            .topicFilterInvalid, .packetIdentifierInUse, .quotaExceeded, .sharedSubscriptionsNotSupported,
            .subscriptionIdentifiersNotSupported, .wildcardSubscriptionsNotSupported:
            true
        default: false
        }
    }

    private static func allowsInVersion3(_ code: ReasonCode) -> Bool {
        switch code {
        case .success, .grantedQoS1, .grantedQoS2, .unspecifiedError: true
        default: false
        }
    }

    func bodySize(_ version: ProtocolVersion) throws(EncodeError) -> Int {
        guard !reasonCodes.isEmpty else { throw .emptyPayload }
        var size = try FieldSize.packetID(packetID)
        size += try properties.size(.acknowledgement, version: version)
        return size + reasonCodes.count
    }

    func write(to buffer: inout ByteBuffer, version: ProtocolVersion) {
        buffer.writeInteger(packetID)
        properties.write(to: &buffer, version: version)
        for code in reasonCodes {
            buffer.writeInteger(version != .v5 && code.isError ? ReasonCode.unspecifiedError.rawValue : code.rawValue)
        }
    }
}
