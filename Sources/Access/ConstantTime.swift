/// Compares secrets without telling by the time taken how much of them agrees.
public enum ConstantTime {
    /// Whether the bytes are the same. Only that the lengths differ shows in the time.
    public static func areEqual(_ left: some Collection<UInt8>, _ right: some Collection<UInt8>) -> Bool {
        guard left.count == right.count else { return false }
        return zip(left, right).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }

    /// See `areEqual` for bytes.
    public static func areEqual(_ left: String, _ right: String) -> Bool { areEqual(left.utf8, right.utf8) }
}
