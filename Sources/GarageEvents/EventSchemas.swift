import GarageDomain

/// Turns the data of one schema version of a type into that of the next.
struct Upcaster: Sendable {
    let type: EventType
    /// The version that it reads; it gives `from + 1`.
    let from: Int
    /// The data of the next version, or `nil` if what it was given is not of this one.
    let convert: @Sendable ([UInt8]) -> [UInt8]?
}

/// The schema version of each event type, and the way there from every earlier one.
struct EventSchemas: Sendable {
    /// What this version of the service writes. Every type is at version 1.
    static let current = EventSchemas([])

    private let steps: [EventType: [Upcaster]]

    /// - Parameter upcasters: one for each version of a type before the last, without a gap from 1; those beyond a gap
    ///   are left out.
    init(_ upcasters: [Upcaster]) {
        steps = Dictionary(grouping: upcasters, by: \.type).mapValues { upcasters in
            let sorted = upcasters.sorted { $0.from < $1.from }
            return Array(zip(1..., sorted).prefix { $0 == $1.from }.map { $1 })
        }
    }

    /// The version that is written now.
    func version(of type: EventType) -> Int { 1 + (steps[type]?.count ?? 0) }

    /// The data in the present version; `nil` if `schema` is not known.
    func upcast(_ data: [UInt8], of type: EventType, from schema: Int) -> [UInt8]? {
        guard schema >= 1, schema <= version(of: type) else { return nil }
        var data = data
        for step in steps[type, default: []].dropFirst(schema - 1) {
            guard let converted = step.convert(data) else { return nil }
            data = converted
        }
        return data
    }
}
