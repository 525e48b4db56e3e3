import MQTTCodec
import NIOCore

/// A publisher: keeps as many messages under way as it may, until all are sent.
struct PublisherTraffic: Traffic {
    private enum Stage {
        static let free: UInt8 = 0
        static let awaitsPuback: UInt8 = 1
        static let awaitsPubrec: UInt8 = 2
        static let awaitsPubcomp: UInt8 = 3
    }

    private(set) var sent = 0
    /// Messages whose last acknowledgement has come.
    private(set) var acknowledged = 0
    /// When each message was handed to the socket; noted only if wanted.
    private(set) var sendTimes: [NIODeadline] = []

    private let template: MessageTemplate
    private let messages: Int
    private let qos: QoS
    /// QoS 0: the most messages that one call appends. Otherwise: the most that may be unacknowledged.
    private let window: Int
    private let notesTimes: Bool
    /// How many messages may have been sent by now; a run with a rate raises it as time goes on.
    var allowance: Int
    /// By packet identifier.
    private var stages: [UInt8]
    private var lastPacketID: UInt16 = 0
    private var reported = 0

    init(template: MessageTemplate, messages: Int, qos: QoS, window: Int, paced: Bool) {
        self.template = template
        self.messages = messages
        self.qos = qos
        self.window = min(max(window, 1), Self.maximumWindow)
        notesTimes = paced
        allowance = paced ? 0 : messages
        stages = qos == .atMostOnce ? [] : Array(repeating: Stage.free, count: 65_536)
    }

    /// Leaves packet identifiers free, so that the next one is found at once.
    static let maximumWindow = 60_000

    var isDone: Bool { sent == messages }

    mutating func fill(_ out: inout ByteBuffer) {
        let room = qos == .atMostOnce ? window : window - (sent - acknowledged)
        let count = min(room, min(messages, allowance) - sent)
        guard count > 0 else { return }
        let size = template.size
        out.writeWithUnsafeMutableBytes(minimumWritableBytes: count * size) { room in
            guard var place = room.baseAddress else { return 0 }
            for _ in 0..<count {
                template.write(sequence: UInt64(sent), packetID: nextPacketID(), to: place)
                sent &+= 1
                place += size
            }
            return count * size
        }
        if notesTimes { sendTimes.append(contentsOf: repeatElement(.now(), count: count)) }
    }

    @inline(__always)
    private mutating func nextPacketID() -> UInt16 {
        guard qos != .atMostOnce else { return 0 }
        repeat {
            lastPacketID = lastPacketID == .max ? 1 : lastPacketID &+ 1
        } while stages[Int(lastPacketID)] != Stage.free
        stages[Int(lastPacketID)] = qos == .atLeastOnce ? Stage.awaitsPuback : Stage.awaitsPubrec
        return lastPacketID
    }

    mutating func receive(
        _ first: UInt8, _ content: UnsafeRawBufferPointer, replies: inout ByteBuffer
    ) throws(LoadFault) {
        guard content.count == 2 else { throw .malformed("packet type \(first >> 4) to a publisher") }
        let id = UInt16(bigEndian: content.loadUnaligned(as: UInt16.self))
        switch first {
        case 0x40: try advance(id, from: Stage.awaitsPuback, to: Stage.free)
        case 0x50:
            try advance(id, from: Stage.awaitsPubrec, to: Stage.awaitsPubcomp)
            replies.writeInteger(0x6202_0000 | UInt32(id))
        case 0x70: try advance(id, from: Stage.awaitsPubcomp, to: Stage.free)
        default: throw .malformed("packet type \(first >> 4) to a publisher")
        }
    }

    @inline(__always)
    private mutating func advance(_ id: UInt16, from: UInt8, to: UInt8) throws(LoadFault) {
        guard Int(id) < stages.count, stages[Int(id)] == from else { throw .unexpectedAcknowledgement(id) }
        stages[Int(id)] = to
        if to == Stage.free { acknowledged &+= 1 }
    }

    mutating func takeProgress() -> Progress {
        defer { reported = acknowledged }
        return Progress(acknowledged: acknowledged - reported)
    }
}
