/// All series of one name.
struct Family {
    enum Kind: String {
        case counter
        case gauge
        case histogram
    }

    let kind: Kind
    var series: [Labels: any Series] = [:]
}

/// What is kept for one name and one combination of dimensions.
protocol Series: Sendable {}

/// The dimensions of one series, in order of name.
struct Labels: Hashable {
    private struct Label: Hashable {
        var name: String
        var value: String
    }

    private let labels: [Label]

    init(_ dimensions: [(String, String)]) {
        labels = dimensions.map { Label(name: MetricName.clean($0.0), value: $0.1) }.sorted { $0.name < $1.name }
    }

    /// `{gate="front",state="open"}`, or nothing; `extra` is a label of the format's own.
    func text(with extra: (name: String, value: String)? = nil) -> String {
        var parts = labels.map { "\($0.name)=\"\(Self.escape($0.value))\"" }
        if let extra { parts.append("\(extra.name)=\"\(extra.value)\"") }
        return parts.isEmpty ? "" : "{\(parts.joined(separator: ","))}"
    }

    private static func escape(_ value: String) -> String {
        var escaped = ""
        for character in value.unicodeScalars {
            switch character {
            case "\\": escaped += "\\\\"
            case "\"": escaped += "\\\""
            case "\n": escaped += "\\n"
            default: escaped.unicodeScalars.append(character)
            }
        }
        return escaped
    }
}

/// Names as Prometheus takes them.
enum MetricName {
    /// `mqtt.messages.received` with the prefix `garage_` as a counter: `garage_mqtt_messages_received_total`.
    static func make(prefix: String, label: String, isCounter: Bool) -> String {
        var name = clean(label)
        if !name.hasPrefix(prefix) { name = prefix + name }
        if isCounter, !name.hasSuffix("_total") { name += "_total" }
        return name
    }

    /// With everything but letters, digits and underscores replaced.
    static func clean(_ text: String) -> String {
        var name = ""
        for character in text.unicodeScalars {
            switch character {
            case "a"..."z", "A"..."Z", "_": name.unicodeScalars.append(character)
            case "0"..."9" where !name.isEmpty: name.unicodeScalars.append(character)
            default: name += "_"
            }
        }
        return name.isEmpty ? "_" : name
    }
}
