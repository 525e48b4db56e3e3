public import NIOCore

// One accessor for each property that may stand only once in a packet. Setting nil removes it.
extension Properties {
    /// Payload Format Indicator.
    public var payloadFormatIndicator: PayloadFormat? {
        get {
            for case .payloadFormatIndicator(let value) in list { return value }
            return nil
        }
        set { replace(.payloadFormatIndicator, with: newValue.map(Property.payloadFormatIndicator)) }
    }

    /// Message Expiry Interval in seconds.
    public var messageExpiryInterval: UInt32? {
        get {
            for case .messageExpiryInterval(let value) in list { return value }
            return nil
        }
        set { replace(.messageExpiryInterval, with: newValue.map(Property.messageExpiryInterval)) }
    }

    /// Content Type.
    public var contentType: String? {
        get {
            for case .contentType(let value) in list { return value }
            return nil
        }
        set { replace(.contentType, with: newValue.map(Property.contentType)) }
    }

    /// Response Topic.
    public var responseTopic: String? {
        get {
            for case .responseTopic(let value) in list { return value }
            return nil
        }
        set { replace(.responseTopic, with: newValue.map(Property.responseTopic)) }
    }

    /// Correlation Data.
    public var correlationData: ByteBuffer? {
        get {
            for case .correlationData(let value) in list { return value }
            return nil
        }
        set { replace(.correlationData, with: newValue.map(Property.correlationData)) }
    }

    /// Session Expiry Interval in seconds; absent means 0, `UInt32.max` never.
    public var sessionExpiryInterval: UInt32? {
        get {
            for case .sessionExpiryInterval(let value) in list { return value }
            return nil
        }
        set { replace(.sessionExpiryInterval, with: newValue.map(Property.sessionExpiryInterval)) }
    }

    /// Assigned Client Identifier.
    public var assignedClientIdentifier: String? {
        get {
            for case .assignedClientIdentifier(let value) in list { return value }
            return nil
        }
        set { replace(.assignedClientIdentifier, with: newValue.map(Property.assignedClientIdentifier)) }
    }

    /// Server Keep Alive in seconds.
    public var serverKeepAlive: UInt16? {
        get {
            for case .serverKeepAlive(let value) in list { return value }
            return nil
        }
        set { replace(.serverKeepAlive, with: newValue.map(Property.serverKeepAlive)) }
    }

    /// Authentication Method.
    public var authenticationMethod: String? {
        get {
            for case .authenticationMethod(let value) in list { return value }
            return nil
        }
        set { replace(.authenticationMethod, with: newValue.map(Property.authenticationMethod)) }
    }

    /// Authentication Data.
    public var authenticationData: ByteBuffer? {
        get {
            for case .authenticationData(let value) in list { return value }
            return nil
        }
        set { replace(.authenticationData, with: newValue.map(Property.authenticationData)) }
    }

    /// Request Problem Information; absent means true.
    public var requestProblemInformation: Bool? {
        get {
            for case .requestProblemInformation(let value) in list { return value }
            return nil
        }
        set { replace(.requestProblemInformation, with: newValue.map(Property.requestProblemInformation)) }
    }

    /// Will Delay Interval in seconds; absent means 0.
    public var willDelayInterval: UInt32? {
        get {
            for case .willDelayInterval(let value) in list { return value }
            return nil
        }
        set { replace(.willDelayInterval, with: newValue.map(Property.willDelayInterval)) }
    }

    /// Request Response Information; absent means false.
    public var requestResponseInformation: Bool? {
        get {
            for case .requestResponseInformation(let value) in list { return value }
            return nil
        }
        set { replace(.requestResponseInformation, with: newValue.map(Property.requestResponseInformation)) }
    }

    /// Response Information.
    public var responseInformation: String? {
        get {
            for case .responseInformation(let value) in list { return value }
            return nil
        }
        set { replace(.responseInformation, with: newValue.map(Property.responseInformation)) }
    }

    /// Server Reference.
    public var serverReference: String? {
        get {
            for case .serverReference(let value) in list { return value }
            return nil
        }
        set { replace(.serverReference, with: newValue.map(Property.serverReference)) }
    }

    /// Reason String.
    public var reasonString: String? {
        get {
            for case .reasonString(let value) in list { return value }
            return nil
        }
        set { replace(.reasonString, with: newValue.map(Property.reasonString)) }
    }

    /// Receive Maximum; absent means 65,535.
    public var receiveMaximum: UInt16? {
        get {
            for case .receiveMaximum(let value) in list { return value }
            return nil
        }
        set { replace(.receiveMaximum, with: newValue.map(Property.receiveMaximum)) }
    }

    /// Topic Alias Maximum; absent means 0.
    public var topicAliasMaximum: UInt16? {
        get {
            for case .topicAliasMaximum(let value) in list { return value }
            return nil
        }
        set { replace(.topicAliasMaximum, with: newValue.map(Property.topicAliasMaximum)) }
    }

    /// Topic Alias.
    public var topicAlias: UInt16? {
        get {
            for case .topicAlias(let value) in list { return value }
            return nil
        }
        set { replace(.topicAlias, with: newValue.map(Property.topicAlias)) }
    }

    /// Maximum QoS; absent means 2.
    public var maximumQoS: QoS? {
        get {
            for case .maximumQoS(let value) in list { return value }
            return nil
        }
        set { replace(.maximumQoS, with: newValue.map(Property.maximumQoS)) }
    }

    /// Retain Available; absent means true.
    public var retainAvailable: Bool? {
        get {
            for case .retainAvailable(let value) in list { return value }
            return nil
        }
        set { replace(.retainAvailable, with: newValue.map(Property.retainAvailable)) }
    }

    /// Maximum Packet Size in bytes; absent means no limit.
    public var maximumPacketSize: UInt32? {
        get {
            for case .maximumPacketSize(let value) in list { return value }
            return nil
        }
        set { replace(.maximumPacketSize, with: newValue.map(Property.maximumPacketSize)) }
    }

    /// Wildcard Subscription Available; absent means true.
    public var wildcardSubscriptionAvailable: Bool? {
        get {
            for case .wildcardSubscriptionAvailable(let value) in list { return value }
            return nil
        }
        set { replace(.wildcardSubscriptionAvailable, with: newValue.map(Property.wildcardSubscriptionAvailable)) }
    }

    /// Subscription Identifier Available; absent means true.
    public var subscriptionIdentifierAvailable: Bool? {
        get {
            for case .subscriptionIdentifierAvailable(let value) in list { return value }
            return nil
        }
        set { replace(.subscriptionIdentifierAvailable, with: newValue.map(Property.subscriptionIdentifierAvailable)) }
    }

    /// Shared Subscription Available; absent means true.
    public var sharedSubscriptionAvailable: Bool? {
        get {
            for case .sharedSubscriptionAvailable(let value) in list { return value }
            return nil
        }
        set { replace(.sharedSubscriptionAvailable, with: newValue.map(Property.sharedSubscriptionAvailable)) }
    }
}
