import MQTTCodec

/// Each packet may carry only some of the reason codes. A code that does not belong is said as the nearest that does.
extension ReasonCode {
    /// For CONNACK [MQTT-3.2.2-8].
    var inConnack: ReasonCode {
        switch self {
        case .success, .unspecifiedError, .malformedPacket, .protocolError, .implementationSpecificError,
            .unsupportedProtocolVersion, .clientIdentifierNotValid, .badUserNameOrPassword, .notAuthorized,
            .serverUnavailable, .serverBusy, .banned, .badAuthenticationMethod, .topicNameInvalid, .packetTooLarge,
            .quotaExceeded, .payloadFormatInvalid, .retainNotSupported, .qosNotSupported, .useAnotherServer,
            .serverMoved, .connectionRateExceeded:
            self
        default: .unspecifiedError
        }
    }

    /// For a DISCONNECT of the server [MQTT-3.14.2-1].
    var inDisconnect: ReasonCode {
        switch self {
        case .success, .unspecifiedError, .malformedPacket, .protocolError, .implementationSpecificError,
            .notAuthorized, .serverBusy, .serverShuttingDown, .keepAliveTimeout, .sessionTakenOver,
            .topicFilterInvalid, .topicNameInvalid, .receiveMaximumExceeded, .topicAliasInvalid, .packetTooLarge,
            .messageRateTooHigh, .quotaExceeded, .administrativeAction, .payloadFormatInvalid, .retainNotSupported,
            .qosNotSupported, .useAnotherServer, .serverMoved, .sharedSubscriptionsNotSupported,
            .connectionRateExceeded, .maximumConnectTime, .subscriptionIdentifiersNotSupported,
            .wildcardSubscriptionsNotSupported:
            self
        default: .unspecifiedError
        }
    }

    /// For PUBACK and PUBREC [MQTT-3.4.2-1], [MQTT-3.5.2-1].
    var inPuback: ReasonCode {
        switch self {
        case .success, .noMatchingSubscribers, .unspecifiedError, .implementationSpecificError, .notAuthorized,
            .topicNameInvalid, .packetIdentifierInUse, .quotaExceeded, .payloadFormatInvalid:
            self
        default: isError ? .unspecifiedError : .success
        }
    }

    /// For the refusal of a topic filter in SUBACK [MQTT-3.9.3-2].
    var inSuback: ReasonCode {
        switch self {
        case .unspecifiedError, .implementationSpecificError, .notAuthorized, .topicFilterInvalid,
            .packetIdentifierInUse, .quotaExceeded, .sharedSubscriptionsNotSupported,
            .subscriptionIdentifiersNotSupported, .wildcardSubscriptionsNotSupported:
            self
        default: .unspecifiedError
        }
    }
}
