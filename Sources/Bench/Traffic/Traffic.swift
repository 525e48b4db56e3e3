import NIOCore

/// What a connection does once its session is set up. Pure: packets in, bytes out.
protocol Traffic: PacketReceiver, SendableMetatype {
    /// Appends what may be sent now.
    mutating func fill(_ out: inout ByteBuffer)
    /// What has come since the last call.
    mutating func takeProgress() -> Progress
}

/// What a run waits for.
struct Progress: Hashable {
    var delivered = 0
    var acknowledged = 0

    static func += (left: inout Progress, right: Progress) {
        left.delivered += right.delivered
        left.acknowledged += right.acknowledged
    }
}
