import NIOCore

/// PUBACK, PUBREC, PUBREL and PUBCOMP (MQTT 5.0 sections 3.4 to 3.7), which have one form.
public struct Acknowledgement: Sendable, Hashable {
    public var packetID: UInt16
    /// `.success` in MQTT 3.1 and 3.1.1, which can't say anything else.
    public var reasonCode: ReasonCode
    public var properties: Properties

    public init(packetID: UInt16, reasonCode: ReasonCode = .success, properties: Properties = Properties()) {
        self.packetID = packetID
        self.reasonCode = reasonCode
        self.properties = properties
    }
}

extension Acknowledgement {
    /// - Parameter packet: the whole packet.
    static func read(
        _ packet: ByteBuffer, header: FixedHeader, version: ProtocolVersion
    ) throws(DecodeError) -> Acknowledgement {
        let view = try packet.withUnsafeReadableBytes { bytes throws(DecodeError) in
            try AcknowledgementView.parse(bytes, header: header, version: version)
        }
        let properties = try Properties(
            reading: packet, view.properties, allowed: .acknowledgement, repeatable: .userProperty)
        return Acknowledgement(packetID: view.packetID, reasonCode: view.reasonCode, properties: properties)
    }

    /// Success without properties is said by leaving both out, and an error without properties in one byte.
    func bodySize(_ version: ProtocolVersion) throws(EncodeError) -> Int {
        var size = try FieldSize.packetID(packetID)
        guard version == .v5 else { return size }
        if !properties.isEmpty {
            size += 1 + (try properties.size(.acknowledgement, version: version))
        } else if reasonCode != .success {
            size += 1
        }
        return size
    }

    func write(to buffer: inout ByteBuffer, version: ProtocolVersion) {
        buffer.writeInteger(packetID)
        guard version == .v5, reasonCode != .success || !properties.isEmpty else { return }
        buffer.writeInteger(reasonCode.rawValue)
        if !properties.isEmpty { properties.write(to: &buffer, version: version) }
    }
}
