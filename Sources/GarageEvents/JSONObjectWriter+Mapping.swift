import GarageDomain

extension JSONObjectWriter {
    /// The members of a mapping rule, sorted.
    mutating func members(of rule: MappingText) {
        member("command_close", rule.commandClose)
        member("command_open", rule.commandOpen)
        member("command_stop", rule.commandStop)
        member("command_topic", rule.commandTopic)
        member("id", rule.id)
        member("model", rule.model)
        member("name", rule.name)
        if let offset = rule.offset { member("offset", offset) }
        member("pointer", rule.pointer)
        member("property", rule.property)
        if let scale = rule.scale { member("scale", scale) }
        member("topic", rule.topic)
        member("unit", rule.unit)
        member("values", rule.values)
    }
}
