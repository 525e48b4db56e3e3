import CoreMetrics
import Exposition
import MQTTServer
import Metrics
import Web

/// What the process counts, for `GET /metrics`.
struct ServiceMetrics: Sendable {
    /// One for the process, as swift-metrics has it.
    private static let registry = MetricsRegistry(prefix: "garage", help: help)

    /// Has everything that is reported through swift-metrics collected. Called once, before anything is reported.
    static func bootstrap() {
        MetricsSystem.bootstrap(registry)
        Gauge(label: "build.info", dimensions: [("version", Garage.version)]).record(1)
    }

    let server: MQTTServer

    /// Everything as it is now, in the form that `accept` asks for.
    @Sendable func text(accept: String?) async -> MetricsText {
        await server.reportMetrics()
        let format = ExpositionFormat(accept: accept)
        return MetricsText(contentType: format.contentType, text: Self.registry.text(format))
    }

    private static let help = [
        "garage_build_info": "The version that runs; always 1.",
        "garage_limit": "The limits in force, by the key that sets them.",
        "garage_http_connections": "Connections to the pages and the API.",
        "garage_http_refused_total": "Connections and live streams that were refused, by the limit that was reached.",
        "garage_http_checks_refused_total": "Passwords and PINs that were not checked, as too many waited.",
        "garage_mqtt_connections": "Network connections of MQTT clients.",
        "garage_mqtt_clients": "MQTT clients that are logged in.",
        "garage_mqtt_sessions": "MQTT sessions, those without a connection included.",
        "garage_mqtt_subscriptions": "Subscriptions of all sessions.",
        "garage_mqtt_connections_opened_total": "Network connections that were accepted.",
        "garage_mqtt_handshakes": "TLS handshakes of MQTT clients that are under way.",
        "garage_mqtt_handshakes_waited_total": "How often a TLS connection had to wait for a handshake to end.",
        "garage_mqtt_connections_refused_total": "Connections that were refused or did not log in, by reason.",
        "garage_mqtt_messages_received_total": "Publishes of clients, by quality of service.",
        "garage_mqtt_messages_sent_total": "Publishes sent to clients.",
        "garage_mqtt_messages_dropped_total": "Messages that a client did not get because a limit was reached.",
        "garage_mqtt_limits_reached_total": "How often a client has reached a limit of the broker, by limit.",
        "garage_mqtt_messages_refused_total": "Publishes refused because of their topic.",
        "garage_mqtt_packets_received_total": "MQTT packets of any type that were received.",
        "garage_mqtt_packets_sent_total": "MQTT packets of any type that were sent.",
        "garage_mqtt_bytes_received_total": "Bytes received from MQTT clients.",
        "garage_mqtt_bytes_sent_total": "Bytes sent to MQTT clients.",
        "garage_mqtt_publishers_throttled_total": "How often a client was read more slowly as it published too fast.",
        "garage_mqtt_sessions_expired_total": "Sessions that ended because their time was over.",
        "garage_mqtt_retained_messages": "Retained messages.",
        "garage_mqtt_retained_bytes": "Bytes of retained messages.",
        "garage_mqtt_queued_messages": "Messages that wait for a client.",
        "garage_mqtt_queued_bytes": "Bytes of messages that wait for a client.",
        "garage_mqtt_bridge_connected": "Whether the bridge has reached the other broker: 1 or 0.",
        "garage_mqtt_bridge_connects_total": "How often the bridge has reached the other broker.",
        "garage_mqtt_bridge_messages_sent_total": "Messages that the other broker has taken.",
        "garage_mqtt_bridge_messages_received_total": "Messages from the other broker that were taken here.",
        "garage_mqtt_bridge_messages_dropped_total": "Messages that did not cross the bridge, by reason.",
        "garage_mqtt_inflight_messages": "Messages sent to a client and not acknowledged yet.",
    ]
}
