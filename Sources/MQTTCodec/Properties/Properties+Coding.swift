import NIOCore

extension Properties {
    /// Reads the block that lies at `range` of the readable bytes. Binary values share the buffer's storage.
    init(
        reading buffer: ByteBuffer, _ range: Range<Int>, allowed: PropertySet, repeatable: PropertySet
    ) throws(DecodeError) {
        guard !range.isEmpty else {
            self.init()
            return
        }
        let list = try buffer.withUnsafeReadableBytes { bytes throws(DecodeError) -> [Property] in
            var list: [Property] = []
            var reader = PropertyReader(bytes, range, allowed: allowed, repeatable: repeatable)
            while let entry = try reader.next() { list.append(Property(entry, bytes, buffer)) }
            return list
        }
        self.init(list: list)
    }

    /// The number of bytes of the block with the length in front; 0 before MQTT 5.0, where there is none.
    func size(
        _ allowed: PropertySet, repeatable: PropertySet = .userProperty, version: ProtocolVersion
    ) throws(EncodeError) -> Int {
        guard version == .v5 else { return 0 }
        guard !isEmpty else { return 1 }
        var seen = PropertySet()
        for property in list {
            let one = PropertySet(property.identifier)
            let isSecond = !repeatable.isSuperset(of: one) && seen.isSuperset(of: one)
            guard allowed.isSuperset(of: one), !isSecond else { throw .propertyNotAllowed(property.identifier) }
            seen.formUnion(one)
        }
        let content = try contentSize()
        guard content <= VariableByteInteger.maximum else { throw .packetTooLarge(bytes: content) }
        return VariableByteInteger.length(of: content) + content
    }

    /// Writes the block with the length in front; nothing before MQTT 5.0. `size` must have let it pass.
    func write(to buffer: inout ByteBuffer, version: ProtocolVersion) {
        guard version == .v5 else { return }
        buffer.writeVariableByteInteger((try? contentSize()) ?? 0)
        for property in list { property.write(to: &buffer) }
    }

    private func contentSize() throws(EncodeError) -> Int {
        var size = 0
        for property in list { size += try property.size() }
        return size
    }
}
