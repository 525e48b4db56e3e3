import DeviceProfiles
import GarageConfiguration
import GarageDomain

/// What the configuration says about devices with topics of their own.
struct ForeignDeviceSetup {
    let configuration: ServiceConfiguration

    init(_ configuration: ServiceConfiguration) { self.configuration = configuration }

    func settings() throws -> ForeignDevices.Settings {
        guard let garage = Name(configuration.devicesGarage) else {
            throw ConfigurationError(
                "\(configuration.places.name(.devicesGarage)) is '\(configuration.devicesGarage)'; it takes 1 to 64 "
                    + "letters, digits, '_' and '-'")
        }
        var settings = ForeignDevices.Settings(
            garage: garage, discoveryPrefixes: [configuration.devicesDiscoveryPrefix],
            homeAssistantPrefix: configuration.homeAssistantPrefix)
        settings.commandPositions = try commandPositions()
        return settings
    }

    /// Where messages make devices act. Throws the first filter that is none.
    func commandPositions() throws -> CommandPositions {
        let filters = configuration.devicesCommandTopics
        guard filters.count <= CommandPositions.mostFilters else {
            throw ConfigurationError(
                "\(configuration.places.name(.devicesCommandTopics)) has more than \(CommandPositions.mostFilters) topics"
            )
        }
        return CommandPositions(
            own: try filters.map { text in
                guard let filter = TopicPattern(text) else {
                    throw ConfigurationError(
                        "\(configuration.places.name(.devicesCommandTopics)) has '\(text)'; it takes topic filters such as shop/+/relay"
                    )
                }
                return filter
            })
    }

    /// The rules of the file. Throws the first that makes no sense, with its line.
    func mappings() throws -> [MappingText] {
        var ids: Set<String> = []
        return try configuration.deviceRules.enumerated().map { index, setting in
            let rule = try text(of: setting, number: index + 1)
            do {
                _ = try MappingRule(rule)
            } catch { throw ConfigurationError("\(setting.place): \(error)") }
            guard ids.insert(rule.id).inserted else {
                throw ConfigurationError("\(setting.place): there are two rules with the id '\(rule.id)'")
            }
            return rule
        }
    }

    private func text(of setting: DeviceRuleSetting, number: Int) throws -> MappingText {
        let members = setting.members
        var rule = MappingText(
            id: members["id"] ?? "rule-\(number)", topic: members["topic"] ?? "", property: members["property"] ?? "",
            name: members["name"] ?? "")
        rule.pointer = members["pointer"]
        rule.scale = try decimal("scale", setting)
        rule.offset = try decimal("offset", setting)
        rule.unit = members["unit"]
        rule.values = members["values"]
        rule.model = members["model"]
        rule.commandTopic = members["command_topic"]
        rule.commandOpen = members["command_open"]
        rule.commandClose = members["command_close"]
        rule.commandStop = members["command_stop"]
        return rule
    }

    private func decimal(_ key: String, _ setting: DeviceRuleSetting) throws -> Double? {
        guard let text = setting.members[key] else { return nil }
        guard let number = Double(text), number.isFinite else {
            throw ConfigurationError("\(setting.place): \(key) is '\(text)'; it takes a number")
        }
        return number
    }
}
