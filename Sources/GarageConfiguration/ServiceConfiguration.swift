/// Everything that can be set about the service, with its defaults.
public struct ServiceConfiguration: Sendable, Hashable {
    /// Where the settings were made.
    public var places = SettingPlaces()
    /// The folder of all files; one process owns it.
    public var dataDirectory = "garage-data"
    /// The folder was named, and is not just the default.
    public var namesDataDirectory = false
    /// MQTT over TCP.
    public var mqtt = [HostPort(host: "127.0.0.1", port: 1883)]
    /// MQTT over WebSocket.
    public var mqttWebSocket = [HostPort(host: "127.0.0.1", port: 8083)]
    /// Event loops of the broker, 1 to 64. One serves more than any garage sends.
    public var mqttEventLoops = 1
    /// How many unacknowledged QoS 1 and 2 messages a client may send, 1 to 65535.
    public var mqttReceiveMaximum = 1024
    /// The largest packet accepted, in bytes, 128 to 268435455.
    public var mqttMaximumPacketSize = 1_048_576
    /// Clients connected at once, 1 to 1000000.
    public var mqttMaximumConnections = 10_000
    /// Whether sessions, their queues and retained messages are kept in the data folder; `nil` leaves it to the command:
    /// the service does, the broker alone does if a data folder is named.
    public var mqttPersistence: Bool?
    /// Which message is lost when a queue is full.
    public var mqttQueueDrop = QueueDrop.newest
    /// Messages that wait for one client, 1 to 10000000.
    public var mqttMaximumQueuedMessages = 10_000
    /// Bytes that wait for one client, 1024 to 1 TiB.
    public var mqttMaximumQueuedBytes = 16_777_216
    /// Messages that wait for all clients together, 1 to 1000000000.
    public var mqttTotalQueuedMessages = 1_000_000
    /// Bytes that wait for all clients together, 1024 to 1 TiB.
    public var mqttTotalQueuedBytes = 268_435_456
    /// The broker's other settings.
    public var broker = BrokerSettings()
    public var http = HostPort(host: "127.0.0.1", port: 8080)
    public var httpLimits = HTTPLimitSettings()
    /// A folder with templates, static files and locales to use in place of the built-in ones; for work on the pages.
    public var httpFiles: String?
    /// Whether each HTTP connection begins with a PROXY protocol (version 2) header.
    public var httpProxyProtocol = false
    /// The addresses and networks of the balancers that may connect then.
    public var httpTrustedProxies: [String] = []
    /// Host names by which pages and API may be reached beside addresses and `localhost`; `*` stands for every name.
    public var httpAllowedHosts: [String] = []
    /// PEM files of the certificate under which the pages are served; `nil` for plain HTTP.
    public var httpCertificate: String?
    public var httpKey: String?
    /// Topic rules, in order; see `garage.yaml`.
    public var accessRules: [String] = []
    /// Origins whose pages may use the API from a browser; none by default.
    public var httpAllowedOrigins: [String] = []
    /// Where weaknesses are to be reported, as URIs (RFC 9116 §2.5.3); without any there is no `security.txt`.
    public var httpSecurityContacts: [String] = []
    /// The IANA name of the time zone that days begin in; `nil` takes the system's.
    public var timeZone: String?
    /// How long readings are kept one by one, in days, 1 to 36500; 0 keeps them for ever.
    public var telemetryDays = 90
    /// How often the log's signed head is published, in seconds, 1 to 86400.
    public var headInterval = 3600
    /// How long a gate may take to reach the state that a command asks for, in seconds, 1 to 600.
    public var gateCommandTimeout = 60
    /// Whether gates may be closed when nobody says that they see them: `off`, `warn` or `device-warns`.
    public var gateUnattendedClose = "off"
    /// How long people are warned before an unattended close, in seconds, 5 to 60.
    public var gateWarning = 5
    /// How many requests to open or close an actor can make, and a gate takes, in a minute; 0 is any number.
    public var gateCommandsPerMinute = 10
    /// An alert is raised when a gate has been open for this many minutes; 0 is never.
    public var gateOpenTooLong = 15
    /// The bridges to other brokers, by name.
    public var bridges: [BridgeConfiguration] = []
    /// What differs from that for single gates, by `NAME` or `GARAGE.NAME`.
    public var gates: [String: GateConfiguration] = [:]
    /// The hours in which a gate that moves by itself raises an alert, `HH:MM-HH:MM`, or `off`.
    public var alertsNight = "22:00-06:00"
    /// An alert is raised when a spot has been taken for this many hours; 0 is never.
    public var alertsOverstay = 0
    /// Hours; 0 is never.
    public var alertsSilentSpot = 0
    /// An alert is raised when a device has been lost for this many minutes; 0 is never.
    public var alertsLostDevice = 15
    /// An alert is raised when a connected device has reported nothing for this many minutes; 0 is never.
    public var alertsSilentDevice = 0
    /// Where alerts are posted; `nil` is nowhere.
    public var alertsWebhook: String?
    /// What the posted alerts are signed with.
    public var alertsWebhookSecret: String?
    /// The garage that devices with topics of their own belong to.
    public var devicesGarage = "home"
    /// Where devices announce themselves (Home Assistant's MQTT discovery).
    public var devicesDiscoveryPrefix = "homeassistant"
    /// Topics where a message makes a device act, beside those of known firmware; filters in MQTT's words.
    public var devicesCommandTopics: [String] = []
    /// Whether a change that no sensor of the kind can have seen is a fault.
    public var qualityJumps = true
    /// The same value for so many hours is a fault while other sensors move; `nil` goes by the sensor's model, 0 is never.
    public var qualityStuckHours: Int?
    /// How many of its own intervals a sensor may miss before it counts as silent; 0 is any number.
    public var qualitySilentMissed = 5
    /// No sensor counts as silent before so many seconds.
    public var qualitySilentSeconds = 600
    /// Whether our gates, spots and sensors announce themselves to a Home Assistant on our broker.
    public var homeAssistantDiscovery = false
    /// Where they announce themselves.
    public var homeAssistantPrefix = "homeassistant"
    /// What the webhook of The Things Stack has to know; `nil` switches it off.
    public var theThingsStackSecret: String?
    /// What the webhook of ChirpStack has to know; `nil` switches it off.
    public var chirpStackSecret: String?
    /// The mapping rules of the file, in its order.
    public var deviceRules: [DeviceRuleSetting] = []
    public var logLevel = "info"
    public var logFormat = LogFormat.logfmt

    /// Which message is lost when a queue is full.
    public enum QueueDrop: String, Sendable, CaseIterable {
        case newest, oldest
    }

    /// How log lines are written to standard error.
    public enum LogFormat: String, Sendable, CaseIterable {
        case logfmt, json
    }

    public init() {}
}
