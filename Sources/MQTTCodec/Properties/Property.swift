public import NIOCore

/// One MQTT 5.0 property with its value (section 2.2.2.2).
public enum Property: Sendable, Hashable {
    case payloadFormatIndicator(PayloadFormat)
    /// Seconds.
    case messageExpiryInterval(UInt32)
    case contentType(String)
    case responseTopic(String)
    case correlationData(ByteBuffer)
    /// 1...268,435,455.
    case subscriptionIdentifier(UInt32)
    /// Seconds; `UInt32.max` means never.
    case sessionExpiryInterval(UInt32)
    case assignedClientIdentifier(String)
    /// Seconds.
    case serverKeepAlive(UInt16)
    case authenticationMethod(String)
    case authenticationData(ByteBuffer)
    case requestProblemInformation(Bool)
    /// Seconds.
    case willDelayInterval(UInt32)
    case requestResponseInformation(Bool)
    case responseInformation(String)
    case serverReference(String)
    case reasonString(String)
    /// 1...65,535.
    case receiveMaximum(UInt16)
    case topicAliasMaximum(UInt16)
    /// 1...65,535.
    case topicAlias(UInt16)
    /// QoS 0 or 1; a server that supports QoS 2 leaves the property out.
    case maximumQoS(QoS)
    case retainAvailable(Bool)
    case userProperty(UserProperty)
    /// Bytes, not zero.
    case maximumPacketSize(UInt32)
    case wildcardSubscriptionAvailable(Bool)
    case subscriptionIdentifierAvailable(Bool)
    case sharedSubscriptionAvailable(Bool)

    /// The identifier that the property has on the wire.
    public var identifier: PropertyIdentifier {
        switch self {
        case .payloadFormatIndicator: .payloadFormatIndicator
        case .messageExpiryInterval: .messageExpiryInterval
        case .contentType: .contentType
        case .responseTopic: .responseTopic
        case .correlationData: .correlationData
        case .subscriptionIdentifier: .subscriptionIdentifier
        case .sessionExpiryInterval: .sessionExpiryInterval
        case .assignedClientIdentifier: .assignedClientIdentifier
        case .serverKeepAlive: .serverKeepAlive
        case .authenticationMethod: .authenticationMethod
        case .authenticationData: .authenticationData
        case .requestProblemInformation: .requestProblemInformation
        case .willDelayInterval: .willDelayInterval
        case .requestResponseInformation: .requestResponseInformation
        case .responseInformation: .responseInformation
        case .serverReference: .serverReference
        case .reasonString: .reasonString
        case .receiveMaximum: .receiveMaximum
        case .topicAliasMaximum: .topicAliasMaximum
        case .topicAlias: .topicAlias
        case .maximumQoS: .maximumQoS
        case .retainAvailable: .retainAvailable
        case .userProperty: .userProperty
        case .maximumPacketSize: .maximumPacketSize
        case .wildcardSubscriptionAvailable: .wildcardSubscriptionAvailable
        case .subscriptionIdentifierAvailable: .subscriptionIdentifierAvailable
        case .sharedSubscriptionAvailable: .sharedSubscriptionAvailable
        }
    }
}

/// What the sender says of a payload (MQTT 5.0 section 3.3.2.3.2).
public enum PayloadFormat: UInt8, Sendable, Hashable {
    case unspecified = 0
    case utf8 = 1
}

/// A name and a value that MQTT carries without giving them a meaning. The same name may appear more than once.
public struct UserProperty: Sendable, Hashable {
    public var name: String
    public var value: String

    public init(name: String, value: String) {
        self.name = name
        self.value = value
    }
}
