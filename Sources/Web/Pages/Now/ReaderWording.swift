/// Who reads a topic, in the reader's language: a rule or a profile.
enum ReaderWording {
    /// The names of firmware as their makers write them.
    private static let products = [
        "esphome": "ESPHome", "homie": "Homie", "lorawan": "LoRaWAN", "opengarage": "OpenGarage", "ratgdo": "ratgdo",
        "shelly-gen1": "Shelly Gen1", "shelly-gen2": "Shelly Gen2+", "tasmota": "Tasmota",
        "thingsboard": "ThingsBoard", "zigbee2mqtt": "Zigbee2MQTT",
    ]

    /// - Parameter reader: as Ingest names it: `native`, `rule porch`, `discovery`, or a firmware's name.
    static func name(_ reader: String, in words: Wording) -> String {
        if reader.hasPrefix("rule ") {
            return words.text("reader_rule", ["name": String(reader.dropFirst(5)).cut(to: 80)])
        }
        return products[reader] ?? words.texts["reader_" + reader] ?? reader.cut(to: 80)
    }
}
