/// A set of property identifiers, and the sets that each packet may carry (MQTT 5.0 table 2-4). The highest
/// identifier is 0x2A, so a bit for each fits in one word.
struct PropertySet: OptionSet, Sendable {
    let rawValue: UInt64

    init(rawValue: UInt64) {
        self.rawValue = rawValue
    }

    init(_ identifier: PropertyIdentifier) {
        rawValue = 1 &<< UInt64(identifier.rawValue)
    }

    init(_ identifiers: PropertyIdentifier...) {
        rawValue = identifiers.reduce(0) { $0 | PropertySet($1).rawValue }
    }

    static let userProperty = PropertySet(.userProperty)
    static let subscriptionIdentifier = PropertySet(.subscriptionIdentifier)

    static let connect = PropertySet(
        .sessionExpiryInterval, .authenticationMethod, .authenticationData, .requestProblemInformation,
        .requestResponseInformation, .receiveMaximum, .topicAliasMaximum, .userProperty, .maximumPacketSize)
    static let will = PropertySet(
        .payloadFormatIndicator, .messageExpiryInterval, .contentType, .responseTopic, .correlationData,
        .willDelayInterval, .userProperty)
    static let connack = PropertySet(
        .sessionExpiryInterval, .assignedClientIdentifier, .serverKeepAlive, .authenticationMethod,
        .authenticationData, .responseInformation, .serverReference, .reasonString, .receiveMaximum,
        .topicAliasMaximum, .maximumQoS, .retainAvailable, .userProperty, .maximumPacketSize,
        .wildcardSubscriptionAvailable, .subscriptionIdentifierAvailable, .sharedSubscriptionAvailable)
    static let publish = PropertySet(
        .payloadFormatIndicator, .messageExpiryInterval, .contentType, .responseTopic, .correlationData,
        .subscriptionIdentifier, .topicAlias, .userProperty)
    /// PUBACK, PUBREC, PUBREL, PUBCOMP, SUBACK and UNSUBACK.
    static let acknowledgement = PropertySet(.reasonString, .userProperty)
    static let subscribe = PropertySet(.subscriptionIdentifier, .userProperty)
    static let unsubscribe = PropertySet(.userProperty)
    static let disconnect = PropertySet(.sessionExpiryInterval, .serverReference, .reasonString, .userProperty)
    static let auth = PropertySet(.authenticationMethod, .authenticationData, .reasonString, .userProperty)
}
