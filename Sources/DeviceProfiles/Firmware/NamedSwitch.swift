import GarageDomain

/// An input with two values, such as a reed contact, whose name says what it watches.
enum NamedSwitch {
    /// On means that the gate is open, or that the spot is taken: the convention that Home Assistant has for both.
    ///
    /// - Parameters:
    ///   - names: What names the input, the most telling first: its own name, then its device's.
    ///   - subject: The parts of the thing's name.
    static func read(_ isOn: Bool, named names: [String], subject parts: [String], at site: Site) -> Finding {
        for name in names {
            switch ObjectName(name).kind {
            case .gate?: return .observed(.gateState(site.subject(.gate, parts), isOn ? .open : .closed))
            case .spot?: return .observed(.spot(site.subject(.spot, parts), occupied: isOn))
            default: continue
            }
        }
        return .needsMapping("its name does not say whether it watches a gate or a spot")
    }
}
