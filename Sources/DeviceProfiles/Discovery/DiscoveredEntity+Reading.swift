import GarageDomain

extension DiscoveredEntity {
    /// What a component of a discovery message announces.
    init(_ component: DiscoveryMessage.Component, of message: DiscoveryMessage) {
        let keys = component.keys
        let entityName = keys.text(.name) ?? keys.text(.objectID) ?? component.objectID
        let names = [component.objectID, entityName]
        availability = DiscoveredEntity.availability(keys)
        availabilityMode = keys[.availabilityMode].flatMap { AvailabilityMode(rawValue: $0.word) } ?? .latest
        nameParts = [message.deviceName, component.objectID]
        switch component.platform {
        case "cover": addCover(keys)
        case "binary_sensor": addBinarySensor(keys, names: names, device: message.deviceName)
        case "sensor": addSensor(keys, names: names, device: message.deviceName)
        default: break
        }
        if readings.isEmpty {
            for key in [DiscoveryKeys.Key.stateTopic, .positionTopic] {
                guard let topic = keys.topic(key), !unreadTopics.contains(topic) else { continue }
                otherTopics.append(topic)
            }
        }
    }

    private mutating func addCover(_ keys: DiscoveryKeys) {
        // Blinds and windows are covers too.
        guard ["", "garage", "gate", "door"].contains(keys[.deviceClass]?.word ?? "") else { return }
        var words: [String: GateState] = [:]
        for (key, state, word) in [
            (DiscoveryKeys.Key.stateStopped, GateState.stopped, "stopped"), (.stateClosing, .closing, "closing"),
            (.stateOpening, .opening, "opening"), (.stateClosed, .closed, "closed"), (.stateOpen, .open, "open"),
        ] {
            if let word = keys.payload(key, default: word) { words[word.lowercased()] = state }
        }
        let stateTemplate = keys[.valueTemplate]
        if let topic = keys.topic(.stateTopic) { add(topic, stateTemplate, .gateState(words)) }
        if let topic = keys.topic(.positionTopic) {
            add(
                topic, keys[.positionTemplate],
                .gatePosition(open: keys[.positionOpen]?.number ?? 100, closed: keys[.positionClosed]?.number ?? 0))
        }
        if let topic = keys.topic(.commandTopic), keys[.commandTemplate] == nil {
            actuator = GateActuator(
                topic: topic, open: keys.payload(.payloadOpen, default: "OPEN"),
                close: keys.payload(.payloadClose, default: "CLOSE"), stop: keys.payload(.payloadStop, default: "STOP"))
        }
    }

    private mutating func addBinarySensor(_ keys: DiscoveryKeys, names: [String], device: String) {
        guard let topic = keys.topic(.stateTopic), let on = keys.payload(.payloadOn, default: "ON"),
            let off = keys.payload(.payloadOff, default: "OFF")
        else { return }
        let isObstruction = names.contains { $0.lowercased().contains("obstruct") }
        switch keys[.deviceClass]?.word ?? "" {
        case "motion", "problem", "safety":
            guard isObstruction else { return }
            add(topic, keys[.valueTemplate], .obstruction(on: on, off: off))
            nameParts = [device]
        case "garage_door", "opening", "door": add(topic, keys[.valueTemplate], .contact(on: on, off: off))
        case "occupancy", "presence": add(topic, keys[.valueTemplate], .occupancy(on: on, off: off))
        case "":
            if isObstruction {
                add(topic, keys[.valueTemplate], .obstruction(on: on, off: off))
                nameParts = [device]
                return
            }
            switch names.lazy.compactMap({ ObjectName($0).kind }).first {
            case .gate?: add(topic, keys[.valueTemplate], .contact(on: on, off: off))
            case .spot?: add(topic, keys[.valueTemplate], .occupancy(on: on, off: off))
            default: return
            }
        default: return
        }
    }

    private mutating func addSensor(_ keys: DiscoveryKeys, names: [String], device: String) {
        guard let topic = keys.topic(.stateTopic) else { return }
        let unitText = keys.text(.unit) ?? ""
        let unit = unitText.isEmpty ? .celsius : TemperatureUnit(naming: unitText)
        let quantity: Quantity
        switch keys[.deviceClass]?.word ?? "" {
        case "temperature": quantity = .temperature
        case "humidity": quantity = .humidity
        case "":
            guard let named = names.lazy.compactMap({ ObjectName($0).quantity }).first else { return }
            quantity = named
        default: return
        }
        if quantity == .temperature {
            guard let unit else {
                unreadTopics.append(topic)
                return
            }
            add(topic, keys[.valueTemplate], .quantity(.temperature, unit))
        } else {
            add(topic, keys[.valueTemplate], .quantity(.humidity, .celsius))
        }
        let rest = names.lazy.map { ObjectName($0) }.first { $0.quantity == quantity }?.rest
        nameParts = [device, rest ?? names.first ?? ""]
    }

    private mutating func add(_ topic: String, _ template: JSONValue?, _ meaning: DiscoveredMeaning) {
        guard let template else {
            readings.append(DiscoveredReading(topic: topic, meaning: meaning, template: nil))
            return
        }
        guard let read = template.string.flatMap(ValueTemplate.init) else {
            unreadTopics.append(topic)
            return
        }
        readings.append(DiscoveredReading(topic: topic, meaning: meaning, template: read))
    }

    private static func availability(_ keys: DiscoveryKeys) -> [DiscoveredAvailability] {
        var found: [DiscoveredAvailability] = []
        if let topic = keys.topic(.availabilityTopic) {
            found += availability(topic, keys, template: keys[.availabilityTemplate])
        }
        for element in (keys[.availability]?.elements ?? []).prefix(4) {
            let inner = DiscoveryKeys(element)
            guard let topic = inner.text(.topic).map(keys.expanded) else { continue }
            found += availability(topic, inner, template: inner[.valueTemplate])
        }
        return found
    }

    private static func availability(
        _ topic: String, _ keys: DiscoveryKeys, template: JSONValue?
    ) -> [DiscoveredAvailability] {
        let read = template?.string.flatMap(ValueTemplate.init)
        guard template == nil || read != nil, let available = keys.payload(.payloadAvailable, default: "online"),
            let notAvailable = keys.payload(.payloadNotAvailable, default: "offline")
        else { return [] }
        return [
            DiscoveredAvailability(topic: topic, available: available, notAvailable: notAvailable, template: read)
        ]
    }
}
