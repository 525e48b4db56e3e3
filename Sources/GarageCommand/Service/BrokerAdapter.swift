import GarageConfiguration
public import Ingest
import MQTTBroker
import MQTTCodec
public import MQTTServer
import NIOPosix

/// The MQTT server is where Ingest publishes to.
extension MQTTServer: MessageSink {}

extension MQTTServer.Configuration {
    /// What the service's configuration means for the broker.
    init(_ configuration: ServiceConfiguration) {
        var limits = BrokerLimits()
        limits.receiveMaximum = UInt16(clamping: configuration.mqttReceiveMaximum)
        limits.maximumPacketSize = configuration.mqttMaximumPacketSize
        limits.maximumConnections = configuration.mqttMaximumConnections
        limits.queueDrop = configuration.mqttQueueDrop == .oldest ? .oldest : .newest
        limits.maximumQueuedMessages = configuration.mqttMaximumQueuedMessages
        limits.maximumQueuedBytes = configuration.mqttMaximumQueuedBytes
        limits.maximumTotalQueuedMessages = configuration.mqttTotalQueuedMessages
        limits.maximumTotalQueuedBytes = configuration.mqttTotalQueuedBytes
        self.init(
            tcp: [MQTTServer.HostPort(host: configuration.mqtt.host, port: configuration.mqtt.port)],
            webSocket: configuration.mqttWebSocket.map { [MQTTServer.HostPort(host: $0.host, port: $0.port)] } ?? [],
            eventLoops: configuration.mqttEventLoops,
            limits: limits)
    }
}
