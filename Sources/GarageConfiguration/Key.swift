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
    case httpListen = "http.listen"
    case httpFiles = "http.files"
    case siteTimeZone = "site.time_zone"
    case retentionTelemetryDays = "retention.telemetry_days"
    case gateCommandTimeout = "gate.command_timeout_seconds"
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
