import GarageConfiguration
public import Ingest
import MQTTBroker
import MQTTCodec
public import MQTTServer
import NIOPosix

/// The MQTT server is where Ingest publishes to.
extension MQTTServer: MessageSink {}

extension TransportSecurity {
    /// `nil` without a certificate and a key.
    init?(_ tls: BrokerSettings.TLS) {
        guard let certificate = tls.certificate, let key = tls.key else { return nil }
        self.init(certificateFile: certificate, keyFile: key, clientAuthorityFile: tls.clientAuthority)
        let wanted = tls.clientCertificates ?? (tls.clientAuthority == nil ? "none" : "optional")
        clientCertificates = ClientCertificates(rawValue: wanted) ?? .none
        minimumVersion = MinimumVersion(rawValue: tls.minimumVersion) ?? .tls12
    }
}

extension BrokerLimits {
    init(_ broker: BrokerSettings) {
        self.init()
        let advertised = broker.advertised
        sendMaximum = UInt16(clamping: advertised.sendMaximum)
        topicAliasMaximum = UInt16(clamping: advertised.topicAliasMaximum)
        maximumKeepAlive = UInt16(clamping: advertised.serverKeepAlive)
        maximumSessionExpiry = UInt32(clamping: advertised.sessionExpiryMaximum)
        retainAvailable = advertised.retainAvailable
        maximumQoS = QoS(rawValue: UInt8(clamping: advertised.maximumQoS)) ?? .exactlyOnce
        wildcardSubscriptionsAvailable = advertised.wildcardSubscriptions
        sharedSubscriptionsAvailable = advertised.sharedSubscriptions
        subscriptionIdentifiersAvailable = advertised.subscriptionIdentifiers
        responseInformation = advertised.responseInformation
        serverReference = advertised.serverReference
        anyUserTakesOver = broker.anyUserTakesOver
        let bounds = broker.limits
        connectTimeout = UInt32(clamping: bounds.connectTimeout)
        maximumConnectSize = bounds.connectPacketSize
        maximumTopicLength = bounds.topicLength
        maximumTopicLevels = bounds.topicLevels
        maximumSubscriptionsPerSession = bounds.subscriptionsPerClient
        maximumRetainedMessages = bounds.retainedMessages
        maximumRetainedBytes = bounds.retainedBytes
        maximumSessions = bounds.sessions
        publishRate = UInt32(clamping: bounds.publishRate)
        stalledReceiverTimeout = UInt32(clamping: bounds.stalledReceiver)
    }
}

extension MQTTServer.Configuration {
    /// What the service's configuration means for the broker.
    ///
    /// Throws a ``ConfigurationError`` for what can't be used.
    init(_ configuration: ServiceConfiguration) throws {
        let broker = configuration.broker
        var limits = BrokerLimits(broker)
        limits.receiveMaximum = UInt16(clamping: configuration.mqttReceiveMaximum)
        limits.maximumPacketSize = configuration.mqttMaximumPacketSize
        limits.maximumConnections = configuration.mqttMaximumConnections
        limits.queueDrop = configuration.mqttQueueDrop == .oldest ? .oldest : .newest
        limits.maximumQueuedMessages = configuration.mqttMaximumQueuedMessages
        limits.maximumQueuedBytes = configuration.mqttMaximumQueuedBytes
        limits.maximumTotalQueuedMessages = configuration.mqttTotalQueuedMessages
        limits.maximumTotalQueuedBytes = configuration.mqttTotalQueuedBytes
        self.init(
            tcp: configuration.mqtt.map(MQTTServer.HostPort.init),
            webSocket: configuration.mqttWebSocket.map(MQTTServer.HostPort.init),
            eventLoops: configuration.mqttEventLoops,
            limits: limits)
        tls = broker.tls.listen.map(MQTTServer.HostPort.init)
        secureWebSocket = broker.tls.webSocket.map(MQTTServer.HostPort.init)
        unix = broker.unix.map { [$0] } ?? []
        security = TransportSecurity(broker.tls)
        allowedOrigins = broker.allowedOrigins
        allowedHosts = configuration.httpAllowedHosts
        proxyProtocol = Set(broker.proxyProtocol.compactMap(MQTTServer.ListenerKind.init))
        trustedProxies = try AddressRange.list(broker.trustedProxies, configuration.places.name(.mqttTrustedProxies))
        lenient = Set(broker.lenient.compactMap(MQTTServer.ListenerKind.init))
        lenientAddresses = Set(broker.lenient.compactMap { HostPort($0).map(MQTTServer.HostPort.init) })
        admission = try AdmissionLimits(broker: configuration)
        systemTopicsInterval = UInt32(clamping: broker.systemTopicsInterval)
        version = "garage \(Garage.version)"
    }
}

extension MQTTServer.HostPort {
    fileprivate init(_ address: HostPort) { self.init(host: address.host, port: address.port) }
}
