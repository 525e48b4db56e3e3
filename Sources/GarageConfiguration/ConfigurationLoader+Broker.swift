extension ConfigurationLoader {
    /// Reads the broker's keys below `mqtt.`, those of its plain listeners excepted.
    func broker(from settings: SettingReader) throws(ConfigurationError) -> BrokerSettings {
        var broker = BrokerSettings()
        broker.tls = try tls(from: settings)
        try settings.optionalText(.mqttUnix) { broker.unix = $0 }
        try settings.number(.mqttSystemInterval, in: 0...86_400) { broker.systemTopicsInterval = $0 }
        try settings.list(.mqttProxyProtocol, of: BrokerSettings.listenerKinds) { broker.proxyProtocol = $0 }
        try settings.list(.mqttTrustedProxies) { broker.trustedProxies = $0 }
        try settings.list(.mqttLenient) { broker.lenient = $0 }
        try settings.list(.mqttAllowedOrigins) { broker.allowedOrigins = $0 }
        try settings.flag(.mqttAnyUserTakesOver) { broker.anyUserTakesOver = $0 }
        broker.advertised = try advertised(from: settings)
        broker.limits = try limits(from: settings)
        if !broker.proxyProtocol.isEmpty, broker.trustedProxies.isEmpty {
            throw ConfigurationError(
                "\(settings.name(.mqttProxyProtocol)) needs mqtt.trusted_proxies: the addresses of the balancers that may say whose a "
                    + "connection is")
        }
        if broker.advertised.isDraining, broker.advertised.serverReference == nil {
            throw ConfigurationError(
                "\(settings.name(.mqttDraining)) needs mqtt.server_reference: where clients are sent instead")
        }
        return broker
    }

    /// Throws for a lenient listener that is none.
    func checkLenient(_ configuration: ServiceConfiguration, _ settings: SettingReader) throws(ConfigurationError) {
        let broker = configuration.broker
        let addresses = configuration.mqtt + configuration.mqttWebSocket + broker.tls.listen + broker.tls.webSocket
        for listener in broker.lenient where !BrokerSettings.listenerKinds.contains(listener) {
            guard listener.contains(":"), let address = HostPort(listener), addresses.contains(address) else {
                throw ConfigurationError(
                    "\(settings.name(.mqttLenient)) has '\(listener)'; it takes any of "
                        + "\(BrokerSettings.listenerKinds.joined(separator: ", ")), or the HOST:PORT of a listener: "
                        + HostPort.listing(addresses))
            }
        }
    }

    private func tls(from settings: SettingReader) throws(ConfigurationError) -> BrokerSettings.TLS {
        var tls = BrokerSettings.TLS()
        try settings.addresses(.mqttTLSListen) { tls.listen = $0 }
        try settings.addresses(.mqttTLSWebSocket) { tls.webSocket = $0 }
        try settings.text(.mqttTLSCertificate) { tls.certificate = $0 }
        try settings.text(.mqttTLSKey) { tls.key = $0 }
        try settings.text(.mqttTLSClientAuthority) { tls.clientAuthority = $0 }
        try settings.choice(.mqttTLSClientCertificates, of: ["none", "optional", "required"]) {
            tls.clientCertificates = $0
        }
        try settings.choice(.mqttTLSMinimumVersion, of: ["1.2", "1.3"]) { tls.minimumVersion = $0 }
        if !tls.listen.isEmpty || !tls.webSocket.isEmpty {
            guard tls.certificate != nil, tls.key != nil else {
                let listener = tls.listen.isEmpty ? Key.mqttTLSWebSocket : .mqttTLSListen
                throw ConfigurationError(
                    "\(settings.name(listener)) needs mqtt.tls.certificate and mqtt.tls.key, the paths of two PEM files"
                )
            }
        }
        if let wanted = tls.clientCertificates, wanted != "none", tls.clientAuthority == nil {
            throw ConfigurationError(
                "\(settings.name(.mqttTLSClientCertificates)) is '\(wanted)'; it needs mqtt.tls.client_ca, the PEM file of their authority"
            )
        }
        return tls
    }

    private func advertised(from settings: SettingReader) throws(ConfigurationError) -> BrokerSettings.Advertised {
        var advertised = BrokerSettings.Advertised()
        try settings.number(.mqttSendMaximum, in: 1...65_535) { advertised.sendMaximum = $0 }
        try settings.number(.mqttTopicAliasMaximum, in: 0...65_535) { advertised.topicAliasMaximum = $0 }
        try settings.number(.mqttServerKeepAlive, in: 0...65_535) { advertised.serverKeepAlive = $0 }
        try settings.number(.mqttSessionExpiryMaximum, in: 0...4_294_967_295) { advertised.sessionExpiryMaximum = $0 }
        try settings.flag(.mqttRetainAvailable) { advertised.retainAvailable = $0 }
        try settings.number(.mqttMaximumQoS, in: 0...2) { advertised.maximumQoS = $0 }
        try settings.flag(.mqttWildcardSubscriptions) { advertised.wildcardSubscriptions = $0 }
        try settings.flag(.mqttSharedSubscriptions) { advertised.sharedSubscriptions = $0 }
        try settings.flag(.mqttSubscriptionIdentifiers) { advertised.subscriptionIdentifiers = $0 }
        try settings.text(.mqttResponseInformation) { advertised.responseInformation = $0 }
        try settings.text(.mqttServerReference) { advertised.serverReference = $0 }
        try settings.flag(.mqttDraining) { advertised.isDraining = $0 }
        return advertised
    }

    private func limits(from settings: SettingReader) throws(ConfigurationError) -> BrokerSettings.Limits {
        var limits = BrokerSettings.Limits()
        try settings.number(.limitConnectionsPerAddress, in: 0...1_000_000) { limits.connectionsPerAddress = $0 }
        try settings.number(.limitConnectionRate, in: 0...100_000) { limits.connectionRatePerAddress = $0 }
        try settings.list(.limitExemptAddresses) { limits.exemptAddresses = $0 }
        try settings.number(.limitHandshakes, in: 1...10_000) { limits.tlsHandshakes = $0 }
        try settings.number(.limitConnectTimeout, in: 1...3600) { limits.connectTimeout = $0 }
        try settings.number(.limitConnectPacketSize, in: 128...268_435_455) { limits.connectPacketSize = $0 }
        try settings.number(.limitTopicLength, in: 16...65_535) { limits.topicLength = $0 }
        try settings.number(.limitTopicLevels, in: 2...1000) { limits.topicLevels = $0 }
        try settings.number(.limitSubscriptions, in: 1...10_000_000) { limits.subscriptionsPerClient = $0 }
        try settings.number(.limitRetainedMessages, in: 0...100_000_000) { limits.retainedMessages = $0 }
        try settings.number(.limitRetainedBytes, in: 0...1_000_000_000_000) { limits.retainedBytes = $0 }
        try settings.number(.limitSessions, in: 1...100_000_000) { limits.sessions = $0 }
        try settings.number(.limitPublishRate, in: 0...100_000_000) { limits.publishRate = $0 }
        try settings.number(.limitStalledReceiver, in: 1...3600) { limits.stalledReceiver = $0 }
        return limits
    }
}
