import ArgumentParser
import GarageConfiguration

/// The broker's listeners on the command line.
struct ListenOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp(
            "MQTT over TCP (default: 127.0.0.1:1883; port 0 picks a free one; 'off' for none). Like the next two it may "
                + "be given several times.", valueName: "host:port"))
    var mqtt: [String] = []

    @Option(
        name: .long,
        help: ArgumentHelp(
            "MQTT over TLS (default: none; needs mqtt.tls.certificate and mqtt.tls.key).", valueName: "host:port"))
    var mqttTls: [String] = []

    @Option(
        name: .long,
        help: ArgumentHelp("MQTT over WebSocket (default: 127.0.0.1:8083; 'off' for none).", valueName: "host:port"))
    var mqttWs: [String] = []

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Messages below this level are not logged: debug, info, notice, warning, error.", valueName: "level"))
    var logLevel: String?

    /// What these options set.
    var flags: [Key: String?] {
        [
            .mqttListen: listing(mqtt), .mqttTLSListen: listing(mqttTls), .mqttWebSocket: listing(mqttWs),
            .logLevel: logLevel,
        ]
    }
    private func listing(_ addresses: [String]) -> String? {
        addresses.isEmpty ? nil : addresses.joined(separator: ",")
    }
}
