import NIOCore

/// DISCONNECT (MQTT 5.0 section 3.14). Before MQTT 5.0 only clients send it, always with `.normalDisconnection`.
public struct Disconnect: Sendable, Hashable {
    public var reasonCode: ReasonCode
    public var properties: Properties

    public init(reasonCode: ReasonCode = .normalDisconnection, properties: Properties = Properties()) {
        self.reasonCode = reasonCode
        self.properties = properties
    }
}

extension Disconnect {
    static func read(_ reader: inout PacketReader) throws(DecodeError) -> Disconnect {
        guard reader.version == .v5, reader.remaining > 0 else {
            try reader.finish()
            return Disconnect()
        }
        let reasonCode = try reader.reasonCode(clause: "MQTT-3.14.2-1", allows)
        // A Remaining Length of 1 leaves the properties out.
        let properties = reader.remaining > 0 ? try reader.properties(.disconnect) : Properties()
        try reader.finish()
        return Disconnect(reasonCode: reasonCode, properties: properties)
    }

    private static func allows(_ code: ReasonCode) -> Bool {
        switch code {
        case .normalDisconnection, .disconnectWithWillMessage, .unspecifiedError, .malformedPacket, .protocolError,
            .implementationSpecificError, .notAuthorized, .serverBusy, .serverShuttingDown,
            .badAuthenticationMethod, .keepAliveTimeout, .sessionTakenOver, .topicFilterInvalid, .topicNameInvalid,
            .receiveMaximumExceeded, .topicAliasInvalid, .packetTooLarge, .messageRateTooHigh, .quotaExceeded,
            .administrativeAction, .payloadFormatInvalid, .retainNotSupported, .qosNotSupported, .useAnotherServer,
            .serverMoved, .sharedSubscriptionsNotSupported, .connectionRateExceeded, .maximumConnectTime,
            .subscriptionIdentifiersNotSupported, .wildcardSubscriptionsNotSupported:
            true
        default: false
        }
    }

    func bodySize(_ version: ProtocolVersion) throws(EncodeError) -> Int {
        guard version == .v5 else { return 0 }
        if !properties.isEmpty { return 1 + (try properties.size(.disconnect, version: version)) }
        return reasonCode == .normalDisconnection ? 0 : 1
    }

    func write(to buffer: inout ByteBuffer, version: ProtocolVersion) {
        guard version == .v5, reasonCode != .normalDisconnection || !properties.isEmpty else { return }
        buffer.writeInteger(reasonCode.rawValue)
        if !properties.isEmpty { properties.write(to: &buffer, version: version) }
    }
}
