/// The Homie devices that are known, by their topic, with who stands above whom.
struct HomieTree {
    /// So many devices are known at once.
    private static let mostDevices = 200
    /// So many go and come with the one above them.
    private static let mostDescendants = 256

    private var devices: [String: HomieDevice] = [:]

    var isFull: Bool { devices.count >= HomieTree.mostDevices }

    /// Setting a device that is not known changes nothing when the tree is full.
    subscript(topic: String) -> HomieDevice? {
        get { devices[topic] }
        set {
            guard newValue == nil || devices[topic] != nil || !isFull else { return }
            devices[topic] = newValue
        }
    }

    /// Whether a device above this one has gone: then this one is out of reach, whatever it said of itself.
    func isCutOff(_ topic: String) -> Bool {
        var seen: Set = [topic]
        var pending = elders(of: topic)
        while let elder = pending.popLast() {
            guard seen.insert(elder).inserted else { continue }
            if devices[elder]?.isOnline == false { return true }
            pending += elders(of: elder)
        }
        return false
    }

    /// The topics of the devices below this one, the nearest first.
    func descendants(of topic: String) -> [String] {
        var found: [String] = []
        var seen: Set = [topic]
        var pending = [topic][...]
        while let next = pending.popFirst(), found.count < HomieTree.mostDescendants {
            for child in children(of: next) where seen.insert(child).inserted {
                found.append(child)
                pending.append(child)
            }
        }
        return Array(found.prefix(HomieTree.mostDescendants))
    }

    private func elders(of topic: String) -> [String] {
        let (base, id) = HomieTree.parts(of: topic)
        let named = (devices[topic]?.elders ?? []).map { base + $0 }
        return named + devices.keys.filter { $0.hasPrefix(base) && devices[$0]?.children.contains(id) == true }
    }

    private func children(of topic: String) -> [String] {
        let (base, id) = HomieTree.parts(of: topic)
        let named = (devices[topic]?.children ?? []).map { base + $0 }
        return named
            + devices.keys.filter { $0.hasPrefix(base) && devices[$0]?.elders.contains(id) == true }.sorted()
    }

    /// What all devices of a tree have in common, with the slash at its end, and the device's own id.
    static func parts(of topic: String) -> (base: String, id: String) {
        guard let slash = topic.lastIndex(of: "/") else { return ("", topic) }
        return (String(topic[...slash]), String(topic[topic.index(after: slash)...]))
    }
}
