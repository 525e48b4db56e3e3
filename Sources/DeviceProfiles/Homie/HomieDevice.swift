/// What a Homie device has told of itself.
struct HomieDevice: Hashable {
    var properties: [String: HomieProperty] = [:]
    /// The ids of the devices that it names as its children (Homie 5).
    var children: [String] = []
    /// The ids that it names as the device above it and the one above all (Homie 5).
    var elders: [String] = []
    /// What it said last of itself; `nil` if it has said nothing.
    var isOnline: Bool?

    private static let longestID = 64

    /// Takes in the description of Homie 5.
    mutating func describe(_ json: JSONValue, mostProperties: Int, mostChildren: Int) {
        children = Array(
            (json["children"]?.elements ?? []).compactMap(\.string).filter(HomieDevice.isID).prefix(mostChildren))
        elders = [json["parent"]?.string, json["root"]?.string].compactMap(\.self).filter(HomieDevice.isID)
        properties = [:]
        for node in json["nodes"]?.members ?? [] {
            for property in node.value["properties"]?.members ?? [] where properties.count < mostProperties {
                properties["\(node.key)/\(property.key)"] = HomieProperty(
                    unit: property.value["unit"]?.string, format: property.value["format"]?.string,
                    isSettable: property.value["settable"]?.bool ?? false)
            }
        }
    }

    private static func isID(_ text: String) -> Bool { !text.isEmpty && text.utf8.count <= longestID }
}
