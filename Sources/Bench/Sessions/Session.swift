import MQTTCodec
import NIOCore

/// One MQTT 3.1.1 session of the generator: its set-up, and then its traffic. Pure.
struct Session<T: Traffic>: PacketReceiver {
    /// What its owner has to hear of.
    struct Events: OptionSet {
        let rawValue: UInt8
        static var connected: Events { Events(rawValue: 1) }
        static var subscribed: Events { Events(rawValue: 2) }
        static var ponged: Events { Events(rawValue: 4) }
    }

    var traffic: T
    private var events: Events = []
    private var grant: UInt8 = 0

    init(traffic: T) { self.traffic = traffic }

    mutating func takeEvents() -> Events {
        defer { events = [] }
        return events
    }

    mutating func subscribe(to filter: String, qos: QoS) throws(EncodeError) -> ByteBuffer {
        grant = qos.rawValue
        let subscription = Subscription(filter: filter, qos: qos)
        return try encode(.subscribe(Subscribe(packetID: 1, subscriptions: [subscription])))
    }

    func encode(_ packet: Packet) throws(EncodeError) -> ByteBuffer {
        var bytes = ByteBuffer()
        try packet.encode(into: &bytes, version: .v3_1_1)
        return bytes
    }

    @inline(__always)
    mutating func receive(
        _ first: UInt8, _ content: UnsafeRawBufferPointer, replies: inout ByteBuffer
    ) throws(LoadFault) {
        switch first >> 4 {
        case 3...7: try traffic.receive(first, content, replies: &replies)
        default: try receiveOther(first, content)
        }
    }

    private mutating func receiveOther(_ first: UInt8, _ content: UnsafeRawBufferPointer) throws(LoadFault) {
        switch (PacketType(rawValue: first >> 4), content.count) {
        case (.connack, 2):
            guard content[1] == 0 else { throw .refused(content[1]) }
            events.insert(.connected)
        case (.suback, 3):
            guard content[2] == grant else { throw .subscriptionRefused(content[2]) }
            events.insert(.subscribed)
        case (.pingresp, 0): events.insert(.ponged)
        default: throw .malformed("packet type \(first >> 4) with \(content.count) bytes")
        }
    }
}
