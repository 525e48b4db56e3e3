/// Values by packet identifier: open addressing with linear probing, where an entry gives way to one that is farther
/// from its home (Robin Hood hashing). Identifiers mostly come in sequence, so that nearly every one is at home; then
/// looking up, entering and removing touch one place. The identifier 0, which MQTT does not have, marks a free place.
struct PacketIDTable<Value> {
    private var identifiers: [UInt16] = []
    private var values: [Value] = []
    private(set) var count = 0
    private let placeholder: Value

    /// - Parameter placeholder: what free places hold.
    init(placeholder: Value) {
        self.placeholder = placeholder
    }

    var isEmpty: Bool { count == 0 }

    /// Where the value lies; valid until the next change of the table.
    @inline(__always)
    func index(of identifier: UInt16) -> Int? {
        guard count > 0 else { return nil }
        let mask = identifiers.count &- 1
        var at = Int(identifier) & mask
        while identifiers[at] != 0 {
            if identifiers[at] == identifier { return at }
            at = (at &+ 1) & mask
        }
        return nil
    }

    subscript(at index: Int) -> Value {
        get { values[index] }
        set { values[index] = newValue }
    }

    /// Stores a value for an identifier that is not in the table. The identifier must not be 0.
    mutating func insert(_ identifier: UInt16, _ value: Value) {
        if count &* 4 >= identifiers.count &* 3 { grow() }
        place(identifier, value)
        count &+= 1
    }

    /// Takes the value at an index that `index(of:)` gave.
    @discardableResult
    mutating func remove(at index: Int) -> Value {
        let removed = values[index]
        let mask = identifiers.count &- 1
        var hole = index
        var at = (hole &+ 1) & mask
        // Those behind move up, as far as the first that is at home.
        while identifiers[at] != 0, Int(identifiers[at]) & mask != at {
            identifiers[hole] = identifiers[at]
            values[hole] = values[at]
            hole = at
            at = (at &+ 1) & mask
        }
        identifiers[hole] = 0
        values[hole] = placeholder
        count &-= 1
        return removed
    }

    mutating func removeAll() {
        identifiers = []
        values = []
        count = 0
    }

    /// Changes every value.
    mutating func update(_ change: (inout Value) -> Void) {
        guard count > 0 else { return }
        for index in identifiers.indices where identifiers[index] != 0 { change(&values[index]) }
    }

    func forEach(_ body: (_ identifier: UInt16, _ value: Value) -> Void) {
        guard count > 0 else { return }
        for index in identifiers.indices where identifiers[index] != 0 {
            body(identifiers[index], values[index])
        }
    }

    private mutating func grow() {
        let oldIdentifiers = identifiers
        let oldValues = values
        let capacity = max(8, identifiers.count * 2)
        identifiers = [UInt16](repeating: 0, count: capacity)
        values = [Value](repeating: placeholder, count: capacity)
        for index in oldIdentifiers.indices where oldIdentifiers[index] != 0 {
            place(oldIdentifiers[index], oldValues[index])
        }
    }

    private mutating func place(_ identifier: UInt16, _ value: Value) {
        let mask = identifiers.count &- 1
        var identifier = identifier
        var value = value
        var at = Int(identifier) & mask
        var distance = 0
        while identifiers[at] != 0 {
            let other = (at &- Int(identifiers[at])) & mask
            if other < distance {
                swap(&identifiers[at], &identifier)
                swap(&values[at], &value)
                distance = other
            }
            at = (at &+ 1) & mask
            distance &+= 1
        }
        identifiers[at] = identifier
        values[at] = value
    }
}
