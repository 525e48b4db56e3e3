import MQTTCodec

/// The subscription identifiers that one delivery carries. Immutable and shared; `nil` stands for none, the usual case.
final class SubscriptionIdentifiers: Sendable {
    let values: [UInt32]
    /// Bytes that the properties take: one for the identifier and the number itself, each.
    let encodedCount: Int

    init(_ values: [UInt32]) {
        self.values = values
        encodedCount = values.reduce(0) { $0 + 1 + VariableByteInteger.length(of: Int($1)) }
    }
}
