extension Key {
    /// Whether a running service takes the key up on SIGHUP, without a restart and without dropping a connection. Such a
    /// key binds what comes next: a limit that is lowered drops nothing that was acknowledged, and what CONNACK tells a
    /// client holds until the client connects anew.
    ///
    /// Every key is named here, so that a new one can't be forgotten.
    public var isReloadable: Bool {
        switch self {
        case .mqttReceiveMaximum, .mqttMaximumPacketSize, .mqttMaximumConnections, .mqttQueueDrop,
            .mqttMaximumQueuedMessages, .mqttMaximumQueuedBytes, .mqttTotalQueuedMessages, .mqttTotalQueuedBytes,
            .mqttAllowedOrigins, .mqttSendMaximum, .mqttTopicAliasMaximum, .mqttServerKeepAlive,
            .mqttSessionExpiryMaximum, .mqttRetainAvailable, .mqttMaximumQoS, .mqttWildcardSubscriptions,
            .mqttSharedSubscriptions, .mqttSubscriptionIdentifiers, .mqttResponseInformation, .mqttServerReference,
            .mqttDraining, .mqttAnyUserTakesOver, .limitConnectionsPerAddress, .limitConnectionRate,
            .limitExemptAddresses, .limitHandshakes, .limitConnectTimeout, .limitConnectPacketSize, .limitTopicLength,
            .limitTopicLevels, .limitSubscriptions, .limitRetainedMessages, .limitRetainedBytes, .limitSessions,
            .limitPublishRate, .limitStalledReceiver, .mqttSystemInterval, .mqttTrustedProxies, .mqttLenient:
            true
        case .httpAllowedHosts, .httpAllowedOrigins, .limitHTTPConnections, .limitHTTPConnectionsPerAddress,
            .limitHTTPConnectionRate, .limitHTTPExemptAddresses, .limitHTTPRequestTime, .limitHTTPHeader,
            .limitHTTPBody, .limitHTTPBodyTime, .limitHTTPStreams, .limitHTTPStreamsPerAddress, .accessRules,
            .httpTrustedProxies, .httpSecurityContacts, .webhookTheThingsStack, .webhookChirpStack, .logLevel:
            true
        // The data folder, listeners and what is fixed when they open; certificates are read again from the same files.
        case .data, .mqttListen, .mqttWebSocket, .mqttEventLoops, .mqttPersistence, .mqttTLSListen, .mqttTLSWebSocket,
            .mqttTLSCertificate, .mqttTLSKey, .mqttTLSClientAuthority, .mqttTLSClientCertificates,
            .mqttTLSMinimumVersion, .mqttUnix, .mqttProxyProtocol, .httpListen, .httpFiles, .httpProxyProtocol,
            .httpTLSCertificate, .httpTLSKey:
            false
        // What the log's events and their topics are named by, and who is connected to the service by it.
        case .siteTimeZone, .devicesGarage, .devicesDiscoveryPrefix, .devicesCommandTopics, .homeAssistantDiscovery,
            .homeAssistantPrefix, .logFormat:
            false
        case .retentionTelemetryDays, .retentionHeadInterval, .qualityJumps, .qualityStuckHours, .qualitySilentMissed,
            .qualitySilentSeconds, .gateCommandTimeout, .gateUnattendedClose, .gateWarning, .gateCommandsPerMinute,
            .gateOpenTooLong, .alertsNight, .alertsOverstay, .alertsSilentSpot, .alertsLostDevice, .alertsSilentDevice,
            .alertsWebhook, .alertsWebhookSecret:
            true
        }
    }

    /// Whether the broker alone (`garage broker`) uses the key.
    public var isOfBroker: Bool {
        switch self {
        case .data, .logLevel, .logFormat, .httpAllowedHosts: true
        default: rawValue.hasPrefix("mqtt.")
        }
    }
}
