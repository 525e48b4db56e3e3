import MQTTCodec
import NIOCore

/// The bytes of a publisher's messages, encoded once. Each message is a copy with its number and packet identifier put
/// in.
struct MessageTemplate {
    /// What tells the messages of a run apart.
    enum Content: Hashable {
        /// A ``Stamp``, then filling up to this many bytes.
        case stamp(run: UInt32, publisher: UInt32, bytes: Int)
        /// A temperature in degrees Celsius with two decimals, which changes from message to message.
        case reading
    }

    /// The number of bytes of one message.
    var size: Int { bytes.count }
    private let bytes: [UInt8]
    private let content: Content
    private let contentOffset: Int
    private let hasPacketID: Bool

    init(topic: String, qos: QoS, content: Content) throws(EncodeError) {
        var payload = ByteBuffer()
        switch content {
        case .stamp(let run, let publisher, let size):
            Stamp(run: run, publisher: publisher, sequence: 0).write(to: &payload)
            payload.writeRepeatingByte(UInt8(ascii: "x"), count: max(0, size - Stamp.size))
        case .reading:
            payload.writeString("15.00")
        }
        let publish = Publish(topic: topic, payload: payload, qos: qos, packetID: qos == .atMostOnce ? nil : 1)
        var packet = ByteBuffer()
        try Packet.publish(publish).encode(into: &packet, version: .v3_1_1)
        bytes = Array(packet.readableBytesView)
        contentOffset = bytes.count - payload.readableBytes
        hasPacketID = qos != .atMostOnce
        self.content = content
    }

    /// Writes the message with this number at the start of `room`, which has at least ``size`` bytes.
    @inline(__always)
    func write(sequence: UInt64, packetID: UInt16, to room: UnsafeMutableRawPointer) {
        bytes.withUnsafeBytes { source in
            guard let start = source.baseAddress else { return }
            room.copyMemory(from: start, byteCount: source.count)
        }
        if hasPacketID {
            room.storeBytes(of: packetID.bigEndian, toByteOffset: contentOffset &- 2, as: UInt16.self)
        }
        switch content {
        case .stamp: Stamp.store(sequence: sequence, at: room + contentOffset)
        case .reading: Self.storeReading(sequence, at: room + contentOffset)
        }
    }

    /// 15.00 to 29.99 degrees.
    private static func storeReading(_ sequence: UInt64, at place: UnsafeMutableRawPointer) {
        var hundredths = 1500 + sequence % 1500
        for offset in [4, 3, 1, 0] {
            place.storeBytes(
                of: UInt8(ascii: "0") + UInt8(hundredths % 10), toByteOffset: offset, as: UInt8.self)
            hundredths /= 10
        }
    }
}

/// What the payload of a stamped message begins with: which run, which publisher, which message.
struct Stamp: Hashable {
    static let size = 16

    var run: UInt32
    var publisher: UInt32
    /// Counts a publisher's messages from 0.
    var sequence: UInt64

    init(run: UInt32, publisher: UInt32, sequence: UInt64) {
        self.run = run
        self.publisher = publisher
        self.sequence = sequence
    }

    /// Reads a stamp from a payload of at least ``size`` bytes.
    @inline(__always)
    init(at place: UnsafeRawPointer) {
        run = UInt32(littleEndian: place.loadUnaligned(as: UInt32.self))
        publisher = UInt32(littleEndian: place.loadUnaligned(fromByteOffset: 4, as: UInt32.self))
        sequence = UInt64(littleEndian: place.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
    }

    func write(to buffer: inout ByteBuffer) {
        buffer.writeInteger(run, endianness: .little)
        buffer.writeInteger(publisher, endianness: .little)
        buffer.writeInteger(sequence, endianness: .little)
    }

    @inline(__always)
    static func store(sequence: UInt64, at place: UnsafeMutableRawPointer) {
        place.storeBytes(of: sequence.littleEndian, toByteOffset: 8, as: UInt64.self)
    }
}
