extension ServiceConfiguration {
    /// What is in force when a running service has read `new`: all of it, but for what takes a restart (see
    /// ``Key/isReloadable``; gates, bridges and mapping rules, too), which stays as it is.
    public func adopting(_ new: ServiceConfiguration) -> ServiceConfiguration {
        var adopted = new
        adopted.dataDirectory = dataDirectory
        adopted.namesDataDirectory = namesDataDirectory
        adopted.mqtt = mqtt
        adopted.mqttWebSocket = mqttWebSocket
        adopted.mqttEventLoops = mqttEventLoops
        adopted.mqttPersistence = mqttPersistence
        adopted.broker.tls = broker.tls
        adopted.broker.unix = broker.unix
        adopted.broker.proxyProtocol = broker.proxyProtocol
        adopted.http = http
        adopted.httpFiles = httpFiles
        adopted.httpProxyProtocol = httpProxyProtocol
        adopted.httpCertificate = httpCertificate
        adopted.httpKey = httpKey
        adopted.timeZone = timeZone
        adopted.devicesGarage = devicesGarage
        adopted.devicesDiscoveryPrefix = devicesDiscoveryPrefix
        adopted.devicesCommandTopics = devicesCommandTopics
        adopted.homeAssistantDiscovery = homeAssistantDiscovery
        adopted.homeAssistantPrefix = homeAssistantPrefix
        adopted.logFormat = logFormat
        adopted.gates = gates
        adopted.bridges = bridges
        adopted.deviceRules = deviceRules
        return adopted
    }
}
