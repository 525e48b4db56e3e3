/// Every key that `garage.yaml` and the environment may set. The raw value is its path in the file; in the environment
/// the key `mqtt.listen` is `GARAGE_MQTT_LISTEN`.
public enum Key: String, Sendable, CaseIterable {
    case data
    case mqttListen = "mqtt.listen"
    case mqttWebSocket = "mqtt.websocket"
    case mqttEventLoops = "mqtt.event_loops"
    case mqttReceiveMaximum = "mqtt.receive_maximum"
    case mqttMaximumPacketSize = "mqtt.maximum_packet_size"
    case mqttMaximumConnections = "mqtt.maximum_connections"
    case mqttPersistence = "mqtt.persistence"
    case mqttQueueDrop = "mqtt.queue_drop"
    case mqttMaximumQueuedMessages = "mqtt.maximum_queued_messages"
    case mqttMaximumQueuedBytes = "mqtt.maximum_queued_bytes"
    case mqttTotalQueuedMessages = "mqtt.total_queued_messages"
    case mqttTotalQueuedBytes = "mqtt.total_queued_bytes"
    case mqttTLSListen = "mqtt.tls.listen"
    case mqttTLSWebSocket = "mqtt.tls.websocket"
    case mqttTLSCertificate = "mqtt.tls.certificate"
    case mqttTLSKey = "mqtt.tls.key"
    case mqttTLSClientAuthority = "mqtt.tls.client_ca"
    case mqttTLSClientCertificates = "mqtt.tls.client_certificates"
    case mqttTLSMinimumVersion = "mqtt.tls.minimum_version"
    case mqttUnix = "mqtt.unix"
    case mqttSystemInterval = "mqtt.sys_interval"
    case mqttProxyProtocol = "mqtt.proxy_protocol"
    case mqttTrustedProxies = "mqtt.trusted_proxies"
    case mqttLenient = "mqtt.lenient"
    case mqttAllowedOrigins = "mqtt.allowed_origins"
    case mqttSendMaximum = "mqtt.send_maximum"
    case mqttTopicAliasMaximum = "mqtt.topic_alias_maximum"
    case mqttServerKeepAlive = "mqtt.server_keep_alive"
    case mqttSessionExpiryMaximum = "mqtt.session_expiry_maximum"
    case mqttRetainAvailable = "mqtt.retain_available"
    case mqttMaximumQoS = "mqtt.maximum_qos"
    case mqttWildcardSubscriptions = "mqtt.wildcard_subscriptions"
    case mqttSharedSubscriptions = "mqtt.shared_subscriptions"
    case mqttSubscriptionIdentifiers = "mqtt.subscription_identifiers"
    case mqttResponseInformation = "mqtt.response_information"
    case mqttServerReference = "mqtt.server_reference"
    case mqttDraining = "mqtt.draining"
    case mqttAnyUserTakesOver = "mqtt.any_user_takes_over"
    case limitConnectionsPerAddress = "mqtt.limits.connections_per_address"
    case limitConnectionRate = "mqtt.limits.connection_rate_per_address"
    case limitExemptAddresses = "mqtt.limits.exempt_addresses"
    case limitHandshakes = "mqtt.limits.tls_handshakes"
    case limitConnectTimeout = "mqtt.limits.connect_timeout_seconds"
    case limitConnectPacketSize = "mqtt.limits.connect_packet_size"
    case limitTopicLength = "mqtt.limits.topic_length"
    case limitTopicLevels = "mqtt.limits.topic_levels"
    case limitSubscriptions = "mqtt.limits.subscriptions_per_client"
    case limitRetainedMessages = "mqtt.limits.retained_messages"
    case limitRetainedBytes = "mqtt.limits.retained_bytes"
    case limitSessions = "mqtt.limits.sessions"
    case limitPublishRate = "mqtt.limits.publish_rate"
    case limitStalledReceiver = "mqtt.limits.stalled_receiver_seconds"
    case httpListen = "http.listen"
    case httpFiles = "http.files"
    case httpTLSCertificate = "http.tls.certificate"
    case httpTLSKey = "http.tls.key"
    case httpProxyProtocol = "http.proxy_protocol"
    case httpTrustedProxies = "http.trusted_proxies"
    case httpAllowedHosts = "http.allowed_hosts"
    case httpAllowedOrigins = "http.allowed_origins"
    case httpSecurityContacts = "http.security_contacts"
    case limitHTTPConnections = "http.limits.connections"
    case limitHTTPConnectionsPerAddress = "http.limits.connections_per_address"
    case limitHTTPConnectionRate = "http.limits.connection_rate_per_address"
    case limitHTTPExemptAddresses = "http.limits.exempt_addresses"
    case limitHTTPRequestTime = "http.limits.request_seconds"
    case limitHTTPHeader = "http.limits.header_bytes"
    case limitHTTPBody = "http.limits.body_bytes"
    case limitHTTPBodyTime = "http.limits.body_seconds"
    case limitHTTPStreams = "http.limits.streams"
    case limitHTTPStreamsPerAddress = "http.limits.streams_per_address"
    case accessRules = "access.rules"
    case siteTimeZone = "site.time_zone"
    case retentionTelemetryDays = "retention.telemetry_days"
    case retentionHeadInterval = "retention.head_seconds"
    case devicesGarage = "devices.garage"
    case devicesDiscoveryPrefix = "devices.discovery_prefix"
    case devicesCommandTopics = "devices.command_topics"
    case qualityJumps = "quality.jumps"
    case qualityStuckHours = "quality.stuck_hours"
    case qualitySilentMissed = "quality.silent_after_missed"
    case qualitySilentSeconds = "quality.silent_after_seconds"
    case homeAssistantDiscovery = "home_assistant.discovery"
    case homeAssistantPrefix = "home_assistant.prefix"
    case webhookTheThingsStack = "webhooks.ttn_secret"
    case webhookChirpStack = "webhooks.chirpstack_secret"
    case gateCommandTimeout = "gate.command_timeout_seconds"
    case gateUnattendedClose = "gate.unattended_close"
    case gateWarning = "gate.warning_seconds"
    case gateCommandsPerMinute = "gate.commands_per_minute"
    case gateOpenTooLong = "gate.open_too_long_minutes"
    case alertsNight = "alerts.night"
    case alertsOverstay = "alerts.overstay_hours"
    case alertsSilentSpot = "alerts.silent_spot_hours"
    case alertsLostDevice = "alerts.lost_device_minutes"
    case alertsSilentDevice = "alerts.silent_device_minutes"
    case alertsWebhook = "alerts.webhook"
    case alertsWebhookSecret = "alerts.webhook_secret"
    case logLevel = "log.level"
    case logFormat = "log.format"

    /// The name of the environment variable that sets this key.
    public var environmentName: String {
        "GARAGE_" + rawValue.uppercased().map { $0 == "." ? "_" : String($0) }.joined()
    }

    /// The key whose path is nearest to `text`, if one is near enough to be what the writer meant.
    static func nearest(to text: String) -> Key? {
        let ranked = allCases.map { (key: $0, distance: editDistance(text, $0.rawValue)) }
        guard let best = ranked.min(by: { $0.distance < $1.distance }), best.distance <= 3 else { return nil }
        return best.key
    }

    /// The number of characters to insert, remove or replace to turn one text into the other (Levenshtein).
    private static func editDistance(_ left: String, _ right: String) -> Int {
        let target = Array(right.utf8)
        var row = Array(0...target.count)
        for (index, character) in left.utf8.enumerated() {
            var diagonal = row[0]
            row[0] = index + 1
            for column in target.indices {
                let replaced = diagonal + (character == target[column] ? 0 : 1)
                diagonal = row[column + 1]
                row[column + 1] = min(replaced, diagonal + 1, row[column] + 1)
            }
        }
        return row[target.count]
    }
}
