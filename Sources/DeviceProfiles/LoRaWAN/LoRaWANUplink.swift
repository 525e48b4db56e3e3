import GarageDomain

/// One uplink of a LoRaWAN sensor, whichever network server passed it on.
struct LoRaWANUplink {
    var device: String
    /// What makes the uplink recognisable when the server sends it twice; `nil` if it has nothing of the kind.
    var identity: String?
    /// 0 if the server left it out (servers leave out zeros).
    var port: Int
    /// What the codec on the server made of the payload.
    var decoded: JSONValue?
    var bytes: [UInt8]?

    /// What the uplink says.
    func read(at site: Site) -> Finding {
        let spot = site.subject(.spot, device)
        let sensor = site.subject(.sensor, device)
        var finding = Finding()
        if let occupied { finding.observations.append(.spot(spot, occupied: occupied)) }
        for quantity in Quantity.allCases {
            guard let value = measured(quantity) else { continue }
            finding.observations.append(Report.measured(value, quantity, of: sensor))
        }
        if finding.observations.isEmpty {
            if port == 3 || port == 2, bytes?.isEmpty == false, decoded == nil { return .nothing }
            finding.needsMapping = "no codec on the server has named what it holds"
        }
        return finding
    }

    private var occupied: Bool? {
        let keys = [
            "occupied", "occupancy", "parking_status", "parkingStatus", "parked", "car", "vehicle", "is_occupied",
        ]
        for key in keys {
            guard let value = decoded?[key] else { continue }
            if let occupied = Vocabulary.isOccupied(Vocabulary.folded(value.word)) { return occupied }
        }
        // The Bosch parking sensor: one byte on port 1. Also when its codec ran and a server has left a false out.
        guard port == 1, bytes?.count == 1, let byte = bytes?.first, byte <= 1 else { return nil }
        guard decoded == nil || decoded?.members.isEmpty == true || decoded?["type"]?.word == "parking status" else {
            return nil
        }
        return byte == 1
    }

    private func measured(_ quantity: Quantity) -> JSONValue? {
        let keys =
            quantity == .temperature
            ? ["temperature", "temp", "temperature_c"] : ["humidity", "hum", "relative_humidity"]
        for key in keys {
            if let value = decoded?[key], value.number != nil || value.isScalar { return value }
        }
        return decoded?["air"]?[quantity == .temperature ? "temperature" : "relativeHumidity"]
    }
}
