import GarageDomain
import Ingest

/// The topics that nothing reads, the rules that people have made, and the form for one more.
struct UnmappedView {
    let unmapped: [UnmappedTopic]
    let mappings: [MappingEntry]
    /// The topic that a rule is being made for.
    let topic: String?
    let error: Markup?
    /// What a person has written in the form, by field, if it was not taken.
    var written: [String: String] = [:]
    /// Whether the reader may make and remove rules.
    let mayMap: Bool
    let text: PageText

    static let properties = [
        "temperature", "humidity", "state", "position", "obstruction", "occupancy", "status",
    ]

    func values() -> [String: Any] {
        var values: [String: Any] = [
            "t": text.words.texts,
            "hasUnmapped": !unmapped.isEmpty,
            "unmapped": unmapped.prefix(200).map(row),
            "hasMappings": !mappings.isEmpty,
            "mappings": mappings.map(row),
            "error": error ?? Markup(""),
            "hasError": error != nil,
            "hasForm": mayMap && topic != nil,
            "mayMap": mayMap,
        ]
        if let topic { values["form"] = form(topic) }
        return values
    }

    private func row(_ topic: UnmappedTopic) -> [String: Any] {
        [
            "topic": topic.topic.cut(to: 200),
            "count": text.words.number(Double(topic.count), decimals: 0),
            "payload": topic.lastPayload.cut(to: 200),
            "time": text.shortTime(topic.lastTime),
            "reason": topic.reason.map { UnmappedWording.reason($0, in: text.words) } ?? Markup(""),
            "formPath": "/devices/unmapped?topic=\(PercentCoding.encode(topic.topic.cut(to: 512)))#rule",
        ]
    }

    private func row(_ entry: MappingEntry) -> [String: Any] {
        [
            "id": entry.rule.id, "topic": entry.rule.topic.cut(to: 200), "name": entry.rule.name.cut(to: 80),
            "property": text.words.text("property_" + entry.rule.property),
            "isRemovable": mayMap && !entry.isConfigured, "isConfigured": entry.isConfigured,
        ]
    }

    /// The form with what can be guessed from the topic and its last payload.
    private func form(_ topic: String) -> [String: Any] {
        let last = unmapped.first { $0.topic == topic }
        let isNumber = last.map { Double($0.lastPayload.replacing(",", with: ".")) != nil } ?? true
        let property = written["property"] ?? (isNumber ? "temperature" : "state")
        let more = ["pointer", "values", "scale", "offset", "unit"]
        return [
            "topic": topic.cut(to: 512),
            "payload": (last?.lastPayload ?? "").cut(to: 200),
            "hasPayload": last != nil,
            "name": written["name"]?.cut(to: 200) ?? String(MappingText.id(for: topic).suffix(64)),
            "pointer": (written["pointer"] ?? "").cut(to: 512), "values": (written["values"] ?? "").cut(to: 512),
            "scale": (written["scale"] ?? "").cut(to: 20), "offset": (written["offset"] ?? "").cut(to: 20),
            "isFahrenheit": written["unit"] == "fahrenheit",
            "hasMore": more.contains { !(written[$0] ?? "").isEmpty },
            "properties": UnmappedView.properties.map { known -> [String: Any] in
                [
                    "value": known, "label": text.words.text("property_" + known), "selected": known == property,
                ]
            },
        ]
    }

    static func message(_ error: MappingDoorError, in text: PageText) -> Markup {
        switch error {
        case .invalid(let member, let detail):
            text.words.markup(
                "mapping_invalid",
                [
                    "member": Markup(text.words.texts["mapping_" + member] ?? member.cut(to: 40)),
                    "detail": FailureWording.detail(detail),
                ])
        case .exists: Markup(text.words.text("mapping_exists"))
        case .unknown: Markup(text.words.text("mapping_unknown"))
        case .configured: Markup(text.words.text("mapping_configured"))
        case .tooMany: Markup(text.words.text("mapping_too_many"))
        case .storage: Markup(text.words.text("mapping_not_stored"))
        }
    }
}
