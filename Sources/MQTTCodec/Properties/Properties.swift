/// The properties of an MQTT 5.0 packet in the order they have on the wire. That order is part of the value; MQTT
/// gives it a meaning only among user properties and among subscription identifiers.
///
/// Packets of MQTT 3.1 and 3.1.1 have none: decoding gives an empty list, encoding leaves the list out.
public struct Properties: Sendable, Hashable, ExpressibleByArrayLiteral {
    /// All properties, in order.
    public private(set) var list: [Property]

    public init() {
        self.list = []
    }

    public init(arrayLiteral elements: Property...) {
        self.init(list: elements)
    }

    /// - Parameter list: is taken as it is; what it may hold is checked when a packet is encoded.
    public init(list: [Property]) {
        self.list = list
    }

    public var isEmpty: Bool { list.isEmpty }

    /// Adds a property behind the others.
    public mutating func append(_ property: Property) {
        list.append(property)
    }

    /// Removes every property with this identifier.
    public mutating func remove(_ identifier: PropertyIdentifier) {
        list.removeAll { $0.identifier == identifier }
    }

    /// The user properties in order.
    public var userProperties: [UserProperty] {
        get {
            list.compactMap { property in
                if case .userProperty(let value) = property { value } else { nil }
            }
        }
        set {
            remove(.userProperty)
            list.append(contentsOf: newValue.map(Property.userProperty))
        }
    }

    /// The subscription identifiers in order: at most one in SUBSCRIBE, any number in a PUBLISH from a server.
    public var subscriptionIdentifiers: [UInt32] {
        get {
            list.compactMap { property in
                if case .subscriptionIdentifier(let value) = property { value } else { nil }
            }
        }
        set {
            remove(.subscriptionIdentifier)
            list.append(contentsOf: newValue.map(Property.subscriptionIdentifier))
        }
    }

    mutating func replace(_ identifier: PropertyIdentifier, with property: Property?) {
        guard let index = list.firstIndex(where: { $0.identifier == identifier }) else {
            if let property { list.append(property) }
            return
        }
        if let property { list[index] = property } else { list.remove(at: index) }
    }
}
