import DeviceProfiles
import GarageDomain

/// The mapping rules in force: those of the configuration, and those that people have added.
struct MappingBook {
    let configured: [MappingText]
    private(set) var added: [MappingText] = []
    /// Ids that are being added or removed, so that two requests at once can't do it twice.
    private var pending: Set<String> = []

    init(configured: [MappingText], added: [MappingText] = []) {
        self.configured = configured
        self.added = added
    }

    var entries: [MappingEntry] {
        configured.map { MappingEntry(rule: $0, isConfigured: true) }
            + added.map { MappingEntry(rule: $0, isConfigured: false) }
    }

    /// What the profiles need. A stored rule that is no longer understood is left out.
    var rules: [MappingRule] { (configured + added).compactMap { try? MappingRule($0) } }

    /// Follows what the log tells.
    mutating func evolve(_ body: EventBody) {
        switch body {
        case .mappingAdded(let rule):
            added.removeAll { $0.id == rule.id }
            added.append(rule)
            pending.remove(rule.id)
        case .mappingRemoved(let removed):
            added.removeAll { $0.id == removed.id }
            pending.remove(removed.id)
        default: break
        }
    }

    /// Whether the rule may be added now; if so, its id is taken until `evolve` or `giveUp`.
    mutating func beginAdding(_ rule: MappingText) throws(MappingDoorError) {
        do {
            _ = try MappingRule(rule)
        } catch { throw .invalid(member: error.member, text: error.text) }
        guard !pending.contains(rule.id), !entries.contains(where: { $0.rule.id == rule.id }) else { throw .exists }
        guard added.count + pending.count < MappingRule.mostRules else { throw .tooMany }
        pending.insert(rule.id)
    }

    mutating func beginRemoving(_ id: String) throws(MappingDoorError) {
        if configured.contains(where: { $0.id == id }) { throw .configured }
        guard added.contains(where: { $0.id == id }), pending.insert(id).inserted else { throw .unknown }
    }

    mutating func giveUp(_ id: String) { pending.remove(id) }
}
