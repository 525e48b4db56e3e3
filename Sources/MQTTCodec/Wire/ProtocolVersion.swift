/// The MQTT versions that the codec speaks. The raw value is the protocol level of the CONNECT packet.
// The names follow the version numbers, whose dots need a stand-in.
// swift-format-ignore: AlwaysUseLowerCamelCase
public enum ProtocolVersion: UInt8, Sendable, Hashable, Comparable, CaseIterable {
    /// MQTT 3.1, protocol name `MQIsdp`.
    case v3_1 = 3
    /// MQTT 3.1.1, protocol name `MQTT`.
    case v3_1_1 = 4
    /// MQTT 5.0, protocol name `MQTT`.
    case v5 = 5

    /// The protocol name that goes with this level in the CONNECT packet.
    public var protocolName: String { self == .v3_1 ? "MQIsdp" : "MQTT" }

    @inlinable
    public static func < (left: ProtocolVersion, right: ProtocolVersion) -> Bool {
        left.rawValue < right.rawValue
    }
}
