/// A message that a simulated device publishes.
public struct DeviceMessage: Hashable, Sendable {
    /// The index of the device in `GarageModel.devices`.
    public var device: Int
    public var topic: String
    /// UTF-8 text, unless a misbehaving device sends something else.
    public var payload: [UInt8]
    public var retain: Bool
    /// Whether the device waits for an acknowledgement (QoS 1); it sends and forgets otherwise (QoS 0).
    public var isAcknowledged: Bool

    public init(device: Int, topic: String, payload: [UInt8], retain: Bool = false, isAcknowledged: Bool = true) {
        self.device = device
        self.topic = topic
        self.payload = payload
        self.retain = retain
        self.isAcknowledged = isAcknowledged
    }

    /// The payload as text; bytes that are no UTF-8 become replacement characters.
    public var text: String { String(decoding: payload, as: UTF8.self) }
}

/// What a simulated device does.
public enum DeviceEffect: Hashable, Sendable {
    case publish(DeviceMessage)
    /// The device's connection breaks without a DISCONNECT, as when a wall plug is pulled.
    case dropConnection(device: Int)
}
