import MQTTCodec

extension BrokerLimits {
    /// What CONNACK tells an MQTT 5 client of the limits; what the protocol assumes anyway is left out.
    var advertised: [Property] {
        var properties: [Property] = []
        if receiveMaximum != .max { properties.append(.receiveMaximum(receiveMaximum)) }
        if maximumQoS != .exactlyOnce { properties.append(.maximumQoS(maximumQoS)) }
        if !retainAvailable { properties.append(.retainAvailable(false)) }
        // 268,435,460 is the largest that the protocol can express.
        if maximumPacketSize < 268_435_460 {
            properties.append(.maximumPacketSize(UInt32(clamping: maximumPacketSize)))
        }
        if topicAliasMaximum > 0 { properties.append(.topicAliasMaximum(topicAliasMaximum)) }
        if !wildcardSubscriptionsAvailable { properties.append(.wildcardSubscriptionAvailable(false)) }
        if !subscriptionIdentifiersAvailable { properties.append(.subscriptionIdentifierAvailable(false)) }
        if !sharedSubscriptionsAvailable { properties.append(.sharedSubscriptionAvailable(false)) }
        return properties
    }
}
