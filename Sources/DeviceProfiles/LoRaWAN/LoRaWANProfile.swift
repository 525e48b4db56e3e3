import GarageDomain

/// LoRaWAN sensors behind The Things Stack (version 3, and 2 as old tutorials have it) or ChirpStack 4.
struct LoRaWANProfile: FirmwareProfile {
    static let name = "lorawan"

    /// Uplinks that were seen lately, so that one that is sent twice counts once.
    private static let mostIdentities = 512
    private var seen: Set<String> = []
    private var order: [String] = []

    mutating func read(_ message: ForeignMessage, at site: Site) -> Finding? {
        let levels = message.levels
        switch levels.count {
        case 5 where levels[0] == "v3" && levels[2] == "devices":
            guard levels[4] == "up" else { return .nothing }
            return uplink(message.json.flatMap { TheThingsStack.uplink($0, device: levels[3]) }, message, at: site)
        case 4 where levels[1] == "devices" && levels[3] == "up":
            return uplink(message.json.flatMap { TheThingsStack.oldUplink($0, device: levels[2]) }, message, at: site)
        case 6 where levels[0] == "application" && levels[2] == "device" && levels[4] == "event":
            guard levels[5] == "up" else { return .nothing }
            return uplink(message.json.flatMap { ChirpStack.uplink($0, device: levels[3]) }, message, at: site)
        default: return nil
        }
    }

    private mutating func uplink(_ uplink: LoRaWANUplink?, _ message: ForeignMessage, at site: Site) -> Finding {
        guard let json = message.json else { return .needsMapping("the payload is not JSON") }
        // What a person tries out on the server's console never happened.
        if json["simulated"]?.bool == true { return .nothing }
        guard let uplink else { return .needsMapping("it holds no uplink") }
        if let identity = uplink.identity, !remember("\(uplink.device)/\(identity)") { return .nothing }
        return uplink.read(at: site)
    }

    /// Whether the uplink is new.
    private mutating func remember(_ identity: String) -> Bool {
        guard identity.utf8.count <= 256 else { return true }
        guard seen.insert(identity).inserted else { return false }
        order.append(identity)
        if order.count > Self.mostIdentities * 2 {
            for old in order.prefix(Self.mostIdentities) { seen.remove(old) }
            order.removeFirst(Self.mostIdentities)
        }
        return true
    }
}
