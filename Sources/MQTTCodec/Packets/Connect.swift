public import NIOCore

/// CONNECT (MQTT 5.0 section 3.1).
public struct Connect: Sendable, Hashable {
    public var version: ProtocolVersion
    /// May be empty: whether that is allowed depends on the version and on `cleanStart`.
    public var clientID: String
    /// Clean Start, called Clean Session before MQTT 5.0.
    public var cleanStart: Bool
    /// Seconds; 0 turns the keep-alive off.
    public var keepAlive: UInt16
    public var will: Will?
    public var userName: String?
    public var password: ByteBuffer?
    public var properties: Properties
    /// Whether the client says that it is a bridge, by the highest bit of the protocol level: no part of the standard, but
    /// known to Mosquitto and others for MQTT 3.1 and 3.1.1. Such a client does not get back what it published, and gets
    /// the RETAIN flag as it was published. Only encoded.
    public var isBridge = false

    public init(
        version: ProtocolVersion, clientID: String, cleanStart: Bool = true, keepAlive: UInt16 = 0, will: Will? = nil,
        userName: String? = nil, password: ByteBuffer? = nil, properties: Properties = Properties()
    ) {
        self.version = version
        self.clientID = clientID
        self.cleanStart = cleanStart
        self.keepAlive = keepAlive
        self.will = will
        self.userName = userName
        self.password = password
        self.properties = properties
    }
}

/// The Will Message that a CONNECT leaves with the server.
public struct Will: Sendable, Hashable {
    public var topic: String
    public var payload: ByteBuffer
    public var qos: QoS
    public var retain: Bool
    public var properties: Properties

    public init(
        topic: String, payload: ByteBuffer, qos: QoS = .atMostOnce, retain: Bool = false,
        properties: Properties = Properties()
    ) {
        self.topic = topic
        self.payload = payload
        self.qos = qos
        self.retain = retain
        self.properties = properties
    }
}

extension Connect {
    /// The version that the CONNECT at the start of `packet` announces, so that a server can refuse it in a form that
    /// the client understands even where the rest of it is malformed. A level above 5 counts as 5.
    /// - Returns: nil when the bytes hold no protocol name of MQTT, or end before the level.
    public static func announcedVersion(_ packet: UnsafeRawBufferPointer) -> ProtocolVersion? {
        guard packet.count > 0, packet[0] >> 4 == PacketType.connect.rawValue,
            let length = try? VariableByteInteger.read(packet, at: 1)?.length
        else { return nil }
        let body = packet.dropFirst(1 + length)
        for (prefix, old) in [("\u{0}\u{4}MQTT", false), ("\u{0}\u{6}MQIsdp", true)]
        where body.starts(with: prefix.utf8) {
            guard let level = body.dropFirst(prefix.utf8.count).first else { return nil }
            if old { return .v3_1 }
            return level >= ProtocolVersion.v5.rawValue ? .v5 : .v3_1_1
        }
        return nil
    }

    private static let bridgeBit: UInt8 = 0x80

    private enum Flags {
        static let cleanStart: UInt8 = 0x02
        static let will: UInt8 = 0x04
        static let willQoS: UInt8 = 0x18
        static let willRetain: UInt8 = 0x20
        static let password: UInt8 = 0x40
        static let userName: UInt8 = 0x80
    }

    /// - Parameter body: the packet behind its fixed header. It names its version itself.
    static func read(_ body: ByteBuffer) throws(DecodeError) -> Connect {
        var preface = PacketReader(body: body, version: .v3_1_1)
        let version = try readVersion(&preface)
        var reader = PacketReader(body: preface.rest(), version: version)

        let flags = try reader.byte()
        try check(flags: flags, version: version)
        let keepAlive = try reader.twoBytes()
        let properties = try reader.properties(.connect)
        if properties.authenticationData != nil, properties.authenticationMethod == nil {
            throw .protocolError("MQTT-3.1.2.11.10", "authentication data without an authentication method")
        }
        var connect = Connect(
            version: version, clientID: try reader.string(), cleanStart: flags & Flags.cleanStart != 0,
            keepAlive: keepAlive, properties: properties)
        if flags & Flags.will != 0 {
            connect.will = try readWill(&reader, flags: flags)
        }
        // A client of MQTT 3.1 may set these flags and leave the fields out (MQTT 3.1 section 3.1).
        let mayBeMissing = version == .v3_1
        if flags & Flags.userName != 0, !(mayBeMissing && reader.remaining == 0) {
            connect.userName = try reader.string()
        }
        if flags & Flags.password != 0, !(mayBeMissing && reader.remaining == 0) {
            connect.password = try reader.binary()
        }
        try reader.finish()
        return connect
    }

    private static func readVersion(_ reader: inout PacketReader) throws(DecodeError) -> ProtocolVersion {
        let name = try reader.string()
        let level = try reader.byte()
        guard name == "MQTT" || name == "MQIsdp" else {
            throw DecodeError(
                reasonCode: .unsupportedProtocolVersion, clause: "MQTT-3.1.2-1", detail: "the protocol name is not MQTT"
            )
        }
        guard let version = ProtocolVersion(rawValue: level), version.protocolName == name else {
            throw DecodeError(
                reasonCode: .unsupportedProtocolVersion, clause: "MQTT-3.1.2-2",
                detail: "the protocol level \(level) is not supported")
        }
        return version
    }

    private static func check(flags: UInt8, version: ProtocolVersion) throws(DecodeError) {
        // MQTT 3.1 leaves bit 0 unused, and gives the others no meaning without their flag.
        guard version != .v3_1 else { return }
        if flags & 0x01 != 0 {
            throw .malformed("MQTT-3.1.2-3", "the reserved flag of CONNECT is set")
        }
        if flags & Flags.will == 0 {
            if flags & Flags.willQoS != 0 {
                throw .malformed("MQTT-3.1.2-11", "CONNECT has a Will QoS without a will")
            }
            if flags & Flags.willRetain != 0 {
                throw .malformed("MQTT-3.1.2-13", "CONNECT has Will Retain without a will")
            }
        }
        if version == .v3_1_1, flags & Flags.password != 0, flags & Flags.userName == 0 {
            throw .malformed("MQTT-3.1.1:3.1.2-22", "CONNECT has a password without a user name")
        }
    }

    private static func readWill(_ reader: inout PacketReader, flags: UInt8) throws(DecodeError) -> Will {
        guard let qos = QoS(rawValue: (flags & Flags.willQoS) >> 3) else {
            throw .malformed("MQTT-3.1.2-12", "the Will QoS is 3")
        }
        let properties = try reader.properties(.will)
        let topic = try reader.topicName()
        let payload = try reader.binary()
        return Will(
            topic: topic, payload: payload, qos: qos, retain: flags & Flags.willRetain != 0, properties: properties)
    }

    func bodySize() throws(EncodeError) -> Int {
        var size = 2 + version.protocolName.utf8.count + 1 + 1 + 2
        size += try properties.size(.connect, version: version)
        size += try FieldSize.string(clientID, "client identifier")
        if let will {
            guard !will.topic.isEmpty else { throw .invalidTopicName }
            size += try will.properties.size(.will, version: version)
            size += try FieldSize.topicName(will.topic)
            size += try FieldSize.binary(will.payload, "will payload")
        }
        if let userName { size += try FieldSize.string(userName, "user name") }
        if let password { size += try FieldSize.binary(password, "password") }
        return size
    }

    func write(to buffer: inout ByteBuffer) {
        buffer.writeField(version.protocolName)
        buffer.writeInteger(isBridge && version < .v5 ? version.rawValue | Self.bridgeBit : version.rawValue)
        var flags: UInt8 = cleanStart ? Flags.cleanStart : 0
        if let will {
            flags |= Flags.will | will.qos.rawValue << 3
            if will.retain { flags |= Flags.willRetain }
        }
        if userName != nil { flags |= Flags.userName }
        if password != nil { flags |= Flags.password }
        buffer.writeInteger(flags)
        buffer.writeInteger(keepAlive)
        properties.write(to: &buffer, version: version)
        buffer.writeField(clientID)
        if let will {
            will.properties.write(to: &buffer, version: version)
            buffer.writeField(will.topic)
            buffer.writeField(will.payload)
        }
        if let userName { buffer.writeField(userName) }
        if let password { buffer.writeField(password) }
    }
}
