import NIOCore

/// UNSUBSCRIBE (MQTT 5.0 section 3.10).
public struct Unsubscribe: Sendable, Hashable {
    public var packetID: UInt16
    /// At least one.
    public var filters: [String]
    public var properties: Properties

    public init(packetID: UInt16, filters: [String], properties: Properties = Properties()) {
        self.packetID = packetID
        self.filters = filters
        self.properties = properties
    }
}

extension Unsubscribe {
    static func read(_ reader: inout PacketReader) throws(DecodeError) -> Unsubscribe {
        let packetID = try reader.packetID()
        let properties = try reader.properties(.unsubscribe)
        var filters: [String] = []
        while reader.remaining > 0 { filters.append(try reader.topicFilter()) }
        if filters.isEmpty {
            throw .protocolError("MQTT-3.10.3-2", "an UNSUBSCRIBE has no topic filter")
        }
        return Unsubscribe(packetID: packetID, filters: filters, properties: properties)
    }

    func bodySize(_ version: ProtocolVersion) throws(EncodeError) -> Int {
        guard !filters.isEmpty else { throw .emptyPayload }
        var size = try FieldSize.packetID(packetID)
        size += try properties.size(.unsubscribe, version: version)
        for filter in filters { size += try FieldSize.topicFilter(filter) }
        return size
    }

    func write(to buffer: inout ByteBuffer, version: ProtocolVersion) {
        buffer.writeInteger(packetID)
        properties.write(to: &buffer, version: version)
        for filter in filters { buffer.writeField(filter) }
    }
}
