import NIOCore

/// AUTH (MQTT 5.0 section 3.15).
public struct Auth: Sendable, Hashable {
    public var reasonCode: ReasonCode
    public var properties: Properties

    public init(reasonCode: ReasonCode, properties: Properties = Properties()) {
        self.reasonCode = reasonCode
        self.properties = properties
    }
}

extension Auth {
    static func read(_ reader: inout PacketReader) throws(DecodeError) -> Auth {
        guard reader.remaining > 0 else { return Auth(reasonCode: .success) }
        let reasonCode = try reader.reasonCode(clause: "MQTT-3.15.2-1") { code in
            code == .success || code == .continueAuthentication || code == .reAuthenticate
        }
        let properties = try reader.properties(.auth)
        try reader.finish()
        if properties.authenticationMethod == nil {
            throw .protocolError("MQTT-3.15.2.2.2", "an AUTH has no authentication method")
        }
        return Auth(reasonCode: reasonCode, properties: properties)
    }

    func bodySize(_ version: ProtocolVersion) throws(EncodeError) -> Int {
        guard version == .v5 else { throw .notInThisVersion(.auth) }
        if reasonCode == .success, properties.isEmpty { return 0 }
        return 1 + (try properties.size(.auth, version: version))
    }

    func write(to buffer: inout ByteBuffer, version: ProtocolVersion) {
        if reasonCode == .success, properties.isEmpty { return }
        buffer.writeInteger(reasonCode.rawValue)
        properties.write(to: &buffer, version: version)
    }
}
