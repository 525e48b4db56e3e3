import MQTTCodec

/// What is fuzzed. Each case takes any bytes and says what is wrong with how they were treated; a trap, a bad memory
/// access or a leak is found by the fuzzer itself.
public enum FuzzCase: String, Sendable, CaseIterable {
    case decoder31 = "decoder-3.1"
    case decoder311 = "decoder-3.1.1"
    case decoder5 = "decoder-5"
    case webSocket = "websocket"
    case broker = "broker"

    /// Runs the case.
    /// - Returns: what should not have happened; empty if all is well.
    public func run(_ bytes: [UInt8]) -> [String] {
        switch self {
        case .decoder31: DecoderCase(version: .v3_1).run(bytes)
        case .decoder311: DecoderCase(version: .v3_1_1).run(bytes)
        case .decoder5: DecoderCase(version: .v5).run(bytes)
        case .webSocket: WebSocketCase().run(bytes)
        case .broker: BrokerCase().run(bytes)
        }
    }
}
