import NIOCore

/// UNSUBACK (MQTT 5.0 section 3.11).
public struct Unsuback: Sendable, Hashable {
    public var packetID: UInt16
    /// One for each filter of the UNSUBSCRIBE, in its order; none in MQTT 3.1 and 3.1.1.
    public var reasonCodes: [ReasonCode]
    public var properties: Properties

    public init(packetID: UInt16, reasonCodes: [ReasonCode], properties: Properties = Properties()) {
        self.packetID = packetID
        self.reasonCodes = reasonCodes
        self.properties = properties
    }
}

extension Unsuback {
    static func read(_ reader: inout PacketReader) throws(DecodeError) -> Unsuback {
        let packetID = try reader.packetID()
        let properties = try reader.properties(.acknowledgement)
        var codes: [ReasonCode] = []
        if reader.version == .v5 {
            while reader.remaining > 0 {
                codes.append(try reader.reasonCode(clause: "MQTT-3.11.3-2", allows))
            }
            if codes.isEmpty {
                throw .protocolError("MQTT-3.11.3-1", "an UNSUBACK has no reason code")
            }
        }
        try reader.finish()
        return Unsuback(packetID: packetID, reasonCodes: codes, properties: properties)
    }

    private static func allows(_ code: ReasonCode) -> Bool {
        switch code {
        case .success, .noSubscriptionExisted, .unspecifiedError, .implementationSpecificError, .notAuthorized,
            .topicFilterInvalid, .packetIdentifierInUse:
            true
        default: false
        }
    }

    func bodySize(_ version: ProtocolVersion) throws(EncodeError) -> Int {
        var size = try FieldSize.packetID(packetID)
        guard version == .v5 else { return size }
        guard !reasonCodes.isEmpty else { throw .emptyPayload }
        size += try properties.size(.acknowledgement, version: version)
        return size + reasonCodes.count
    }

    func write(to buffer: inout ByteBuffer, version: ProtocolVersion) {
        buffer.writeInteger(packetID)
        guard version == .v5 else { return }
        properties.write(to: &buffer, version: version)
        for code in reasonCodes { buffer.writeInteger(code.rawValue) }
    }
}
