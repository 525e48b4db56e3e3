public import MQTTCodec

/// Why a connection or a request failed.
public enum MQTTClientError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What a time limit was for.
    public enum Awaited: String, Sendable {
        case connection = "a TCP connection"
        case connack = "CONNACK"
        case pingresp = "PINGRESP"
        case acknowledgement = "an acknowledgement"
    }

    /// There is no TCP connection to be had; the text is the system's reason.
    case unreachable(String)
    /// The CONNACK refuses. Before MQTT 5.0 the reason code stands for one of the return codes 1...5.
    case refused(ReasonCode, reason: String?)
    /// The server sent DISCONNECT (MQTT 5.0).
    case disconnectedByServer(ReasonCode, reason: String?)
    /// The connection ended without a DISCONNECT.
    case connectionLost(String)
    /// The server let time pass without the answer.
    case timeout(Awaited)
    /// The server sent something that MQTT forbids.
    case protocolError(String)
    /// The server answered a publish with an error (MQTT 5.0).
    case publishRefused(ReasonCode, reason: String?)
    /// The CONNACK said that the server does not take this: a QoS, RETAIN, a topic alias or a packet of this size.
    case notAcceptedByServer(String)
    /// The packet can't be written, for instance because of a wildcard in the topic.
    case invalid(EncodeError)
    /// More publishes wait for acknowledgements than `maximumQueuedPublishes`, or no packet identifier is free.
    case queueFull
    /// `disconnect` or `abort` has been called.
    case closed

    public var description: String {
        switch self {
        case .unreachable(let reason): "the server can't be reached: \(reason)"
        case .refused(let code, let reason): "the server refused the connection: \(Self.text(code, reason))"
        case .disconnectedByServer(let code, let reason): "the server disconnected: \(Self.text(code, reason))"
        case .connectionLost(let reason): "the connection was lost: \(reason)"
        case .timeout(let awaited): "the server did not answer in time with \(awaited.rawValue)"
        case .protocolError(let detail): "the server broke the protocol: \(detail)"
        case .publishRefused(let code, let reason): "the server refused the message: \(Self.text(code, reason))"
        case .notAcceptedByServer(let detail): "the server does not accept \(detail)"
        case .invalid(let error): "the packet can't be written: \(error)"
        case .queueFull: "too many publishes wait for their acknowledgement"
        case .closed: "the client has closed the connection"
        }
    }

    private static func text(_ code: ReasonCode, _ reason: String?) -> String {
        let digits = String(code.rawValue, radix: 16, uppercase: true)
        return "\(code) (0x\(digits))" + (reason.map { ", \($0)" } ?? "")
    }
}
