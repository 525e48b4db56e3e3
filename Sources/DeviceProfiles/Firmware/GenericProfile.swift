import GarageDomain

/// Plain sketches: the topic's words say what the payload is, in English or Portuguese.
///
/// The last resort. A gate's state is taken only from a word that says it; a bare `1` or `ON` could mean either.
struct GenericProfile: FirmwareProfile {
    static let name = "generic"

    mutating func read(_ message: ForeignMessage, at site: Site) -> Finding? {
        let folded = message.levels.map { Vocabulary.folded($0.prefix(64)) }
        guard !CommandTopics.isCommand(message.topic), !folded.contains(where: Vocabulary.isRequest) else { return nil }
        if let json = message.json {
            guard case .object = json else { return nil }
            let finding = GenericKeys.read(json, named: name(of: message.levels), at: site)
            return finding.observations.isEmpty ? nil : finding
        }
        let last = ObjectName(message.last)
        if let quantity = last.quantity {
            let parts = message.levels.dropLast().filter { !Vocabulary.isFiller(Vocabulary.folded($0)) } + [last.rest]
            return .observed(
                Report.measured(message.text, quantity, of: site.subject(.sensor, parts.isEmpty ? ["sensor"] : parts)))
        }
        let kind = message.levels.reversed().lazy.compactMap { ObjectName($0).kind }.first
        let word = Vocabulary.folded(message.text)
        switch kind {
        case .gate?:
            guard let state = Vocabulary.gateState(word) else { return nil }
            return .observed(.gateState(site.subject(.gate, name(of: message.levels)), state))
        case .spot?:
            guard let occupied = Vocabulary.isOccupied(word) else { return nil }
            return .observed(.spot(site.subject(.spot, name(of: message.levels)), occupied: occupied))
        default: return nil
        }
    }

    /// The topic as a name, without the levels that only say that something is a state.
    private func name(of levels: [String]) -> String {
        let telling = levels.filter { !$0.isEmpty && !Vocabulary.isFiller(Vocabulary.folded($0.prefix(64))) }
        return (telling.isEmpty ? levels : telling).joined(separator: "-")
    }
}
