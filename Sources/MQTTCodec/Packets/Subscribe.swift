import NIOCore

/// SUBSCRIBE (MQTT 5.0 section 3.8).
public struct Subscribe: Sendable, Hashable {
    public var packetID: UInt16
    /// At least one.
    public var subscriptions: [Subscription]
    public var properties: Properties

    public init(packetID: UInt16, subscriptions: [Subscription], properties: Properties = Properties()) {
        self.packetID = packetID
        self.subscriptions = subscriptions
        self.properties = properties
    }
}

/// A topic filter with its subscription options (MQTT 5.0 section 3.8.3.1). MQTT 3.1 and 3.1.1 know only the quality
/// of service.
public struct Subscription: Sendable, Hashable {
    /// The filter as sent, `$share/name/` included; see `TopicFilter`.
    public var filter: String
    public var qos: QoS
    public var noLocal: Bool
    public var retainAsPublished: Bool
    public var retainHandling: RetainHandling

    public init(
        filter: String, qos: QoS, noLocal: Bool = false, retainAsPublished: Bool = false,
        retainHandling: RetainHandling = .send
    ) {
        self.filter = filter
        self.qos = qos
        self.noLocal = noLocal
        self.retainAsPublished = retainAsPublished
        self.retainHandling = retainHandling
    }
}

/// Whether a subscription asks for retained messages when it is made.
public enum RetainHandling: UInt8, Sendable, Hashable {
    case send = 0
    case sendIfNew = 1
    case doNotSend = 2
}

extension Subscribe {
    static func read(_ reader: inout PacketReader) throws(DecodeError) -> Subscribe {
        let packetID = try reader.packetID()
        let properties = try reader.properties(.subscribe)
        var subscriptions: [Subscription] = []
        while reader.remaining > 0 {
            subscriptions.append(try Subscription.read(&reader))
        }
        if subscriptions.isEmpty {
            throw .protocolError("MQTT-3.8.3-2", "a SUBSCRIBE has no topic filter")
        }
        return Subscribe(packetID: packetID, subscriptions: subscriptions, properties: properties)
    }

    func bodySize(_ version: ProtocolVersion) throws(EncodeError) -> Int {
        guard !subscriptions.isEmpty else { throw .emptyPayload }
        var size = try FieldSize.packetID(packetID)
        size += try properties.size(.subscribe, version: version)
        for subscription in subscriptions { size += try FieldSize.topicFilter(subscription.filter) + 1 }
        return size
    }

    func write(to buffer: inout ByteBuffer, version: ProtocolVersion) {
        buffer.writeInteger(packetID)
        properties.write(to: &buffer, version: version)
        for subscription in subscriptions {
            buffer.writeField(subscription.filter)
            buffer.writeInteger(subscription.options(version))
        }
    }
}

extension Subscription {
    fileprivate static func read(_ reader: inout PacketReader) throws(DecodeError) -> Subscription {
        let filter = try reader.topicFilter()
        var options = try reader.byte()
        // MQTT 3.1 leaves the upper six bits unused.
        if reader.version == .v3_1 { options &= 0b11 }
        let reserved: UInt8 = reader.version == .v5 ? 0b1100_0000 : 0b1111_1100
        if options & reserved != 0 {
            throw .malformed("MQTT-3.8.3-5", "the reserved bits of the subscription options are set")
        }
        guard let qos = QoS(rawValue: options & 0b11) else {
            throw .protocolError("MQTT-3.8.3.1", "a subscription asks for QoS 3")
        }
        guard let retainHandling = RetainHandling(rawValue: options >> 4 & 0b11) else {
            throw .protocolError("MQTT-3.8.3.1", "a subscription has Retain Handling 3")
        }
        let noLocal = options & 0b0100 != 0
        if noLocal, filter.utf8.starts(with: "$share/".utf8) {
            throw .protocolError("MQTT-3.8.3-4", "a shared subscription has No Local set")
        }
        return Subscription(
            filter: filter, qos: qos, noLocal: noLocal, retainAsPublished: options & 0b1000 != 0,
            retainHandling: retainHandling)
    }

    fileprivate func options(_ version: ProtocolVersion) -> UInt8 {
        guard version == .v5 else { return qos.rawValue }
        return qos.rawValue | (noLocal ? 0b0100 : 0) | (retainAsPublished ? 0b1000 : 0) | retainHandling.rawValue << 4
    }
}
