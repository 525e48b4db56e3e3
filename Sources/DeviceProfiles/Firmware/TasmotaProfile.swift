import GarageDomain

/// Tasmota: `tele/<topic>/…` and `stat/<topic>/…`, or with the prefix behind the topic.
///
/// The time in its messages is local time without an offset unless `SetOption52` is set, so it is not looked at.
struct TasmotaProfile: FirmwareProfile {
    static let name = "tasmota"

    mutating func read(_ message: ForeignMessage, at site: Site) -> Finding? {
        if message.levels[0] == "tasmota", message.fromEnd(2) == "discovery" { return .nothing }
        guard let address = TasmotaAddress(message) else { return nil }
        let word = address.property
        if word == "LWT" {
            guard let online = Words.isOnline(message.word) else { return .nothing }
            return .observed(.deviceStatus(site.device(address.device), online: online))
        }
        if let json = message.json { return report(json, address, at: site) }
        switch word {
        case "STATE":
            // The door recipe of Tasmota's own documentation of rules.
            guard let state = Vocabulary.gateState(message.word) else { return .nothing }
            return .observed(.gateState(site.subject(.gate, address.device), state))
        case "OBSTR":
            guard let obstructed = Words.isObstructed(message.word) else { return .nothing }
            return .observed(.obstruction(site.subject(.gate, address.device), obstructed))
        default:
            if let number = TasmotaAddress.number(of: word, after: "SHUTTER") {
                guard let position = JSONValue.string(message.text).number else { return .nothing }
                return shutter(number, position: position, direction: nil, address, at: site)
            }
            return .nothing
        }
    }

    private func report(_ json: JSONValue, _ address: TasmotaAddress, at site: Site) -> Finding {
        // `Status 8` and `Status 10` wrap the same object.
        let body = json["StatusSNS"] ?? json
        let unit = body["TempUnit"]?.string.flatMap(TemperatureUnit.init(naming:)) ?? .celsius
        var finding = Finding()
        for member in body.members {
            if let number = TasmotaAddress.number(of: member.key.uppercased(), after: "SHUTTER") {
                guard let position = member.value["Position"]?.number else { continue }
                finding.add(
                    shutter(
                        number, position: position, direction: member.value["Direction"]?.number, address, at: site))
            } else if member.value["Temperature"] != nil || member.value["Humidity"] != nil {
                finding.add(sensor(member, unit: unit, address, at: site))
            } else if let isOn = Vocabulary.isOn((member.value["Action"] ?? member.value).word),
                !member.key.uppercased().hasPrefix("POWER"), address.property != "STATE"
            {
                finding.add(
                    NamedSwitch.read(
                        isOn, named: [member.key, address.device],
                        subject: [address.device, TasmotaAddress.isPlainSwitch(member.key) ? "" : member.key], at: site)
                )
            }
        }
        return finding
    }

    private func sensor(
        _ member: JSONValue.Member, unit: TemperatureUnit, _ address: TasmotaAddress, at site: Site
    ) -> Finding {
        // The chip's own temperature says nothing about the garage.
        guard member.key != "ESP32" else { return .nothing }
        let sensor = site.subject(.sensor, address.device, member.key)
        var finding = Finding()
        if let value = member.value["Temperature"] {
            finding.observations.append(Report.measured(value, .temperature, of: sensor, unit: unit))
        }
        if let value = member.value["Humidity"] {
            finding.observations.append(Report.measured(value, .humidity, of: sensor))
        }
        finding.models[sensor] = SensorModel(naming: member.key)
        return finding
    }

    /// - Parameter direction: 1 opening, -1 closing, 0 at rest; `nil` if the message does not say.
    private func shutter(
        _ number: Int, position: Double, direction: Double?, _ address: TasmotaAddress, at site: Site
    ) -> Finding {
        let gate = site.subject(.gate, address.device, number == 1 ? "" : "\(number)")
        var actuator = GateActuator()
        actuator.open = OutgoingMessage(topic: address.command("ShutterOpen\(number)"), payload: [])
        actuator.close = OutgoingMessage(topic: address.command("ShutterClose\(number)"), payload: [])
        actuator.stop = OutgoingMessage(topic: address.command("ShutterStop\(number)"), payload: [])
        var finding = Finding(actuators: [gate: actuator])
        if let direction {
            let state: GateState =
                direction > 0 ? .opening : direction < 0 ? .closing : Report.resting(at: position)
            finding.observations = [.gateState(gate, state)]
        } else if position <= 0 || position >= 100 {
            finding.observations = [.gateState(gate, Report.resting(at: position))]
        }
        return finding
    }
}

/// A Tasmota topic taken apart.
struct TasmotaAddress {
    let device: String
    /// What the message is about, for example `SENSOR`.
    let property: String
    private let levels: [String]
    private let prefixIndex: Int

    init?(_ message: ForeignMessage) {
        let count = message.levels.count
        guard count >= 3 else { return nil }
        property = message.last
        // The last level is in capitals in every message that Tasmota sends.
        guard property.utf8.allSatisfy({ (0x41...0x5A).contains($0) || (0x30...0x39).contains($0) }) else { return nil }
        if TasmotaAddress.isPrefix(message.levels[0]) {
            prefixIndex = 0
            device = message.levels[1..<(count - 1)].joined(separator: "-")
        } else if TasmotaAddress.isPrefix(message.levels[count - 2]) {
            prefixIndex = count - 2
            device = message.levels[count - 3]
        } else {
            return nil
        }
        levels = message.levels
    }

    /// The topic of a command, in the form that the device's own topics have.
    func command(_ name: String) -> String {
        var levels = self.levels
        levels[prefixIndex] = "cmnd"
        levels[levels.count - 1] = name
        return levels.joined(separator: "/")
    }

    private static func isPrefix(_ level: String) -> Bool { level == "tele" || level == "stat" }

    /// The number behind a word: `SHUTTER2` after `SHUTTER` gives 2, `SHUTTER` gives 1.
    static func number(of word: String, after stem: String) -> Int? {
        guard word.hasPrefix(stem) else { return nil }
        let digits = word.dropFirst(stem.count)
        if digits.isEmpty { return 1 }
        guard digits.count <= 2, let number = Int(digits), number > 0 else { return nil }
        return number
    }

    /// Whether a key is the first switch under the name that the firmware gives it.
    static func isPlainSwitch(_ key: String) -> Bool { key == "Switch1" || key == "Switch" }
}
