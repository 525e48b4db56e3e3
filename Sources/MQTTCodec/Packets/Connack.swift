import NIOCore

/// CONNACK (MQTT 5.0 section 3.2).
public struct Connack: Sendable, Hashable {
    /// Always written as false in MQTT 3.1, which has no such flag.
    public var sessionPresent: Bool
    /// In MQTT 3.1 and 3.1.1 written as the return code that comes nearest: `ReasonCode.connectReturnCode`.
    public var reasonCode: ReasonCode
    public var properties: Properties

    public init(sessionPresent: Bool, reasonCode: ReasonCode, properties: Properties = Properties()) {
        self.sessionPresent = sessionPresent
        self.reasonCode = reasonCode
        self.properties = properties
    }
}

extension Connack {
    static func read(_ reader: inout PacketReader) throws(DecodeError) -> Connack {
        let flags = try reader.byte()
        if flags & 0xFE != 0, reader.version != .v3_1 {
            throw .malformed("MQTT-3.2.2-1", "the reserved flags of CONNACK are set")
        }
        let reasonCode: ReasonCode
        if reader.version == .v5 {
            reasonCode = try reader.reasonCode(clause: "MQTT-3.2.2-8", allows)
        } else {
            guard let code = ReasonCode(connectReturnCode: try reader.byte()) else {
                throw .malformed("MQTT-3.2.2-8", "the return code of CONNACK is reserved")
            }
            reasonCode = code
        }
        let sessionPresent = flags & 1 != 0 && reader.version != .v3_1
        if sessionPresent, reasonCode != .success {
            throw .protocolError("MQTT-3.2.2-6", "a CONNACK that refuses has Session Present set")
        }
        let properties = try reader.properties(.connack)
        try reader.finish()
        return Connack(sessionPresent: sessionPresent, reasonCode: reasonCode, properties: properties)
    }

    private static func allows(_ code: ReasonCode) -> Bool {
        switch code {
        case .success, .unspecifiedError, .malformedPacket, .protocolError, .implementationSpecificError,
            .unsupportedProtocolVersion, .clientIdentifierNotValid, .badUserNameOrPassword, .notAuthorized,
            .serverUnavailable, .serverBusy, .banned, .badAuthenticationMethod, .topicNameInvalid, .packetTooLarge,
            .quotaExceeded, .payloadFormatInvalid, .retainNotSupported, .qosNotSupported, .useAnotherServer,
            .serverMoved, .connectionRateExceeded:
            true
        default: false
        }
    }

    func bodySize(_ version: ProtocolVersion) throws(EncodeError) -> Int {
        2 + (try properties.size(.connack, version: version))
    }

    func write(to buffer: inout ByteBuffer, version: ProtocolVersion) {
        buffer.writeInteger(UInt8(sessionPresent && version != .v3_1 ? 1 : 0))
        buffer.writeInteger(version == .v5 ? reasonCode.rawValue : reasonCode.connectReturnCode)
        properties.write(to: &buffer, version: version)
    }
}
