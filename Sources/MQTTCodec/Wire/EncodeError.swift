/// Why a packet can't be written. The buffer is left as it was.
public enum EncodeError: Error, Sendable, Hashable {
    /// A string or a binary field is longer than 65,535 bytes.
    case fieldTooLong(field: String, bytes: Int)
    /// A string contains U+0000 [MQTT-1.5.4-2].
    case nullCharacter(field: String)
    /// The packet is longer than the 268,435,455 bytes that a Remaining Length can say.
    case packetTooLarge(bytes: Int)
    /// A packet identifier is missing or zero where the packet needs one [MQTT-2.2.1-3].
    case packetIdentifierMissing
    /// A list that must hold at least one entry is empty [MQTT-3.8.3-2], [MQTT-3.10.3-2].
    case emptyPayload
    /// The property may not be in this packet (MQTT 5.0 table 2-4), or it stands there twice.
    case propertyNotAllowed(PropertyIdentifier)
    /// A property's value is outside its range.
    case propertyOutOfRange(PropertyIdentifier)
    /// A topic name is empty without a topic alias, or contains a wildcard character [MQTT-3.3.2-2].
    case invalidTopicName
    /// A topic filter is not valid; see `Topic.isValidFilter`.
    case invalidTopicFilter
    /// The packet does not exist in this version of the protocol: AUTH before MQTT 5.0.
    case notInThisVersion(PacketType)
}
