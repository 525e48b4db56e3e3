public import MQTTCodec
import NIOCore

/// A PUBLISH of a client, or its will, as the policy sees it. Valid only during the call: the bytes belong to the
/// connection's receive buffer and must not be kept.
public struct PublishInspection: ~Copyable {
    /// The topic name's UTF-8 bytes.
    public let topic: UnsafeRawBufferPointer
    public let payload: UnsafeRawBufferPointer
    /// The MQTT 5 property block without its length; empty for MQTT 3.
    let propertyBlock: UnsafeRawBufferPointer
    public let qos: QoS
    /// With QoS 1 and 2 the packet identifier that the client gave it; else 0.
    public let packetID: UInt16
    public let retain: Bool
    /// The client sends this again because it saw no acknowledgement.
    public let duplicate: Bool
    /// The client's last will, published because its connection ended.
    public let isWill: Bool
    public unowned(unsafe) let client: ClientContext
    /// What to release after a verdict of `hold` or `holdOnly`.
    public let ticket: HoldTicket

    init(
        topic: UnsafeRawBufferPointer, payload: UnsafeRawBufferPointer, propertyBlock: UnsafeRawBufferPointer, qos: QoS,
        packetID: UInt16 = 0, retain: Bool, duplicate: Bool, isWill: Bool, client: ClientContext, ticket: HoldTicket
    ) {
        self.topic = topic
        self.payload = payload
        self.propertyBlock = propertyBlock
        self.qos = qos
        self.packetID = packetID
        self.retain = retain
        self.duplicate = duplicate
        self.isWill = isWill
        self.client = client
        self.ticket = ticket
    }

    /// The topic name as text; allocates.
    public var topicName: String { String(decoding: topic, as: UTF8.self) }

    /// The payload copied out, so that it may be kept.
    public var payloadBytes: [UInt8] { Array(payload) }

    /// The MQTT 5 properties (response topic, correlation data, message expiry, user properties, …), decoded on each
    /// use; empty for MQTT 3.
    public var properties: Properties { PropertyBlock.decode(propertyBlock) }

    /// Hands a made-up publish to `body`, for tests of a policy.
    public static func with<Result>(
        topic: String, payload: [UInt8], qos: QoS = .atLeastOnce, packetID: UInt16 = 1, retain: Bool = false,
        duplicate: Bool = false, isWill: Bool = false, client: ClientContext, ticket: HoldTicket = .none,
        properties: Properties = Properties(), _ body: (borrowing PublishInspection) throws -> Result
    ) rethrows -> Result {
        let topic = Array(topic.utf8)
        let block = PropertyBlock.encode(properties)
        return try topic.withUnsafeBytes { topicBytes in
            try payload.withUnsafeBytes { payloadBytes in
                try block.withUnsafeBytes { blockBytes in
                    try body(
                        PublishInspection(
                            topic: topicBytes, payload: payloadBytes, propertyBlock: blockBytes, qos: qos,
                            packetID: packetID, retain: retain, duplicate: duplicate, isWill: isWill, client: client,
                            ticket: ticket
                        ))
                }
            }
        }
    }
}
