import MQTTCodec
import NIOCore

/// A subscriber: acknowledges what it gets, and keeps count of it.
struct SubscriberTraffic: Traffic {
    private(set) var ledger: DeliveryLedger
    /// When messages arrived, in the order of arrival; noted only if wanted.
    private(set) var arrivals: [(stamp: Stamp, time: NIODeadline)] = []

    private let qos: QoS
    private let notesTimes: Bool
    private var reported = 0

    init(ledger: DeliveryLedger, qos: QoS, notesTimes: Bool) {
        self.ledger = ledger
        self.qos = qos
        self.notesTimes = notesTimes
    }

    mutating func receive(
        _ first: UInt8, _ content: UnsafeRawBufferPointer, replies: inout ByteBuffer
    ) throws(LoadFault) {
        if first >> 4 == 3 { return try receivePublish(first, content, replies: &replies) }
        guard first == 0x62, content.count == 2, qos == .exactlyOnce else {
            throw .malformed("packet type \(first >> 4) to a subscriber")
        }
        replies.writeInteger(0x7002_0000 | UInt32(UInt16(bigEndian: content.loadUnaligned(as: UInt16.self))))
    }

    @inline(__always)
    private mutating func receivePublish(
        _ first: UInt8, _ content: UnsafeRawBufferPointer, replies: inout ByteBuffer
    ) throws(LoadFault) {
        guard first >> 1 & 3 == qos.rawValue else { throw .wrongQoS(first >> 1 & 3) }
        guard content.count >= 2 else { throw .malformed("a PUBLISH without a topic") }
        var offset = 2 &+ Int(UInt16(bigEndian: content.loadUnaligned(as: UInt16.self)))
        if qos != .atMostOnce {
            guard offset &+ 2 <= content.count else { throw .malformed("a PUBLISH without a packet identifier") }
            let id = UInt16(bigEndian: content.loadUnaligned(fromByteOffset: offset, as: UInt16.self))
            replies.writeInteger((qos == .atLeastOnce ? 0x4002_0000 : 0x5002_0000) | UInt32(id))
            offset &+= 2
        }
        guard offset &+ Stamp.size <= content.count, let start = content.baseAddress else {
            return ledger.noteForeign()
        }
        let stamp = Stamp(at: start + offset)
        ledger.note(stamp)
        if notesTimes { arrivals.append((stamp, .now())) }
    }

    mutating func fill(_ out: inout ByteBuffer) {}

    mutating func takeProgress() -> Progress {
        defer { reported = ledger.tally.delivered }
        return Progress(delivered: ledger.tally.delivered - reported)
    }
}
