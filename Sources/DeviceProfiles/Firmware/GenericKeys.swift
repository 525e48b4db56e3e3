import GarageDomain

/// A JSON object whose keys say what they hold, in English or Portuguese: `{"temperatura":25,"umidade":60}`.
enum GenericKeys {
    /// Objects are looked into so deep: `{"DHT11":{"temperature":25}}` is one below.
    private static let deepest = 1

    static func read(_ json: JSONValue, named name: String, at site: Site, depth: Int = 0) -> Finding {
        var finding = Finding()
        for member in json.members {
            if case .object = member.value {
                guard depth < deepest else { continue }
                let inner = Vocabulary.isFiller(Vocabulary.folded(member.key)) ? name : "\(name)-\(member.key)"
                var found = read(member.value, named: inner, at: site, depth: depth + 1)
                found.needsMapping = nil
                finding.add(found)
            } else {
                finding.observations += observation(member, named: name, at: site).map { [$0] } ?? []
            }
        }
        if finding.observations.isEmpty { finding.needsMapping = "nothing in it has a name that is known" }
        return finding
    }

    private static func observation(_ member: JSONValue.Member, named name: String, at site: Site) -> Observation? {
        let folded = Vocabulary.folded(member.key.prefix(64))
        if let quantity = Vocabulary.quantity(folded) {
            return Report.measured(member.value, quantity, of: site.subject(.sensor, name))
        }
        let key = ObjectName(member.key)
        if let quantity = key.quantity {
            return Report.measured(member.value, quantity, of: site.subject(.sensor, name, key.rest))
        }
        let word = Vocabulary.folded(member.value.word)
        let suffix = Vocabulary.kind(folded) == nil && !Vocabulary.isFiller(folded) ? member.key : ""
        switch key.kind ?? (Vocabulary.isFiller(folded) ? ObjectName(name).kind : nil) {
        case .gate?:
            return Vocabulary.gateState(word).map { .gateState(site.subject(.gate, name, suffix), $0) }
        case .spot?:
            return Vocabulary.isOccupied(word).map { .spot(site.subject(.spot, name, suffix), occupied: $0) }
        default:
            guard ["occupied", "ocupada", "ocupado", "occupancy"].contains(folded) else { return nil }
            return Vocabulary.isOccupied(word).map { .spot(site.subject(.spot, name), occupied: $0) }
        }
    }
}
