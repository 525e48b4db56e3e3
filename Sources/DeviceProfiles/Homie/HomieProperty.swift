import GarageDomain

/// What a Homie device tells about one of its properties.
struct HomieProperty: Hashable {
    var unit: String?
    var format: String?
    var isSettable = false

    /// What a value of the property says.
    ///
    /// - Parameter base: The topic of the property.
    func read(
        _ message: ForeignMessage, device: String, node: String, property: String, base: String, at site: Site
    ) -> Finding {
        if let quantity = quantity(node: node, property: property) {
            let unit = unit.flatMap(TemperatureUnit.init(naming:)) ?? .celsius
            let rest = ObjectName(node).quantity == quantity ? "" : node
            return .observed(
                Report.measured(message.text, quantity, of: site.subject(.sensor, device, rest), unit: unit))
        }
        let kind = [property, node, device].lazy.compactMap { ObjectName($0).kind }.first
        let name = [device, node]
        switch kind {
        case .gate?:
            let gate = site.subject(.gate, name)
            if ["obstruction", "obstructed"].contains(property) {
                guard let obstructed = Words.isObstructed(message.word) else { return .nothing }
                return .observed(.obstruction(gate, obstructed))
            }
            var finding = Finding()
            if let actuator = actuator(topic: base + "/set") { finding.actuators[gate] = actuator }
            if let state = Vocabulary.gateState(message.word) {
                finding.observations = [.gateState(gate, state)]
            } else if ["contact", "isopen", "open"].contains(property), let isOpen = Self.isTrue(message.text) {
                finding.observations = [.gateState(gate, isOpen ? .open : .closed)]
            }
            return finding
        case .spot?:
            guard let occupied = Self.isTrue(message.text) ?? Vocabulary.isOccupied(message.word) else {
                return .nothing
            }
            return .observed(.spot(site.subject(.spot, name), occupied: occupied))
        default: return .needsMapping("its name does not say what it is")
        }
    }

    private func quantity(node: String, property: String) -> Quantity? {
        if let named = ObjectName(property).quantity ?? ObjectName(node).quantity { return named }
        guard let unit, TemperatureUnit(naming: unit) != nil, unit.contains("°") else { return nil }
        return .temperature
    }

    /// The words that the format of a settable enumeration has for the three actions.
    private func actuator(topic: String) -> GateActuator? {
        guard isSettable, let format else { return nil }
        let words = format.split(separator: ",").map { $0.drop { $0 == " " } }.map(String.init)
        func word(_ choices: String...) -> String? { words.first { choices.contains($0.lowercased()) } }
        let actuator = GateActuator(
            topic: topic, open: word("open"), close: word("close", "closed"), stop: word("stop", "stopped"))
        return actuator.open == nil && actuator.close == nil ? nil : actuator
    }

    /// Homie's truth values are `true` and `false` in exactly this form.
    private static func isTrue(_ text: String) -> Bool? { text == "true" ? true : text == "false" ? false : nil }
}
