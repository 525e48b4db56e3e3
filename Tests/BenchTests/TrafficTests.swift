import MQTTCodec
import NIOCore
import Testing

@testable import Bench

@Suite("One connection's traffic")
struct TrafficTests {
    private func publisher(_ qos: QoS, messages: Int, window: Int) throws -> PublisherTraffic {
        let template = try MessageTemplate(
            topic: "t", qos: qos, content: .stamp(run: 7, publisher: 3, bytes: 20))
        return PublisherTraffic(template: template, messages: messages, qos: qos, window: window, paced: false)
    }

    /// Decodes all packets in `bytes`.
    private func packets(_ bytes: ByteBuffer) throws -> [Packet] {
        var decoder = PacketDecoder(version: .v3_1_1)
        var bytes = bytes
        decoder.append(&bytes)
        var packets: [Packet] = []
        while let packet = try decoder.next() { packets.append(packet) }
        #expect(decoder.unreadBytes == 0)
        return packets
    }

    @Test("Each message is a whole PUBLISH with its number, and packet identifiers in use are left out")
    func identifiers() throws {
        var traffic = try publisher(.atLeastOnce, messages: 70_000, window: 3)
        var replies = ByteBuffer()
        var sequence: UInt64 = 0
        var used: Set<UInt16> = []
        func acknowledge(_ id: UInt16) throws {
            try [UInt8(id >> 8), UInt8(truncatingIfNeeded: id)].withUnsafeBytes {
                try traffic.receive(0x40, $0, replies: &replies)
            }
        }
        while !traffic.isDone {
            var out = ByteBuffer()
            traffic.fill(&out)
            for packet in try packets(out) {
                guard case .publish(let publish) = packet, let id = publish.packetID else {
                    Issue.record("not a PUBLISH: \(packet)")
                    return
                }
                var expected = ByteBuffer()
                Stamp(run: 7, publisher: 3, sequence: sequence).write(to: &expected)
                expected.writeString("xxxx")
                try #require(publish.payload == expected && publish.qos == .atLeastOnce && !publish.dup)
                sequence += 1
                // The very first stays unacknowledged, so that its identifier may not be taken again.
                if sequence > 1 {
                    try #require(id != 1)
                    try acknowledge(id)
                }
                used.insert(id)
            }
        }
        #expect(used.count == 65_535)
        #expect(traffic.sent == 70_000 && traffic.acknowledged == 69_999)
        try acknowledge(1)
        #expect(traffic.takeProgress() == Progress(acknowledged: 70_000) && replies.readableBytes == 0)
        #expect(throws: LoadFault.unexpectedAcknowledgement(1)) { try acknowledge(1) }
    }

    @Test("A burst of QoS 0 has the size of the window")
    func burst() throws {
        var traffic = try publisher(.atMostOnce, messages: 10, window: 4)
        let sizes = try (0..<4).map { _ in
            var out = ByteBuffer()
            traffic.fill(&out)
            return try packets(out).count
        }
        #expect(sizes == [4, 4, 2, 0] && traffic.isDone)
    }

    @Test("Wherever the stream is cut, the subscriber sees the same", arguments: QoS.allCases)
    func cuts(qos: QoS) throws {
        let template = try MessageTemplate(
            topic: "some/topic", qos: qos, content: .stamp(run: 1, publisher: 0, bytes: 200))
        var publisher = PublisherTraffic(template: template, messages: 3, qos: qos, window: 3, paced: false)
        var stream = ByteBuffer()
        publisher.fill(&stream)
        if qos == .exactlyOnce {
            try Packet.pubrel(Acknowledgement(packetID: 2)).encode(into: &stream, version: .v3_1_1)
        }
        let bytes = Array(stream.readableBytesView)
        for cut in 0...bytes.count {
            for second in [cut, min(cut + 1, bytes.count), bytes.count] {
                var scanner = PacketScanner()
                let ledger = DeliveryLedger(run: 1, publishers: 0..<1, messages: 3)
                var subscriber = SubscriberTraffic(ledger: ledger, qos: qos, notesTimes: false)
                var replies = ByteBuffer()
                for part in [bytes[..<cut], bytes[cut..<second], bytes[second...]] {
                    try part.withUnsafeBytes { try scanner.scan($0, for: &subscriber, replies: &replies) }
                }
                try #require(subscriber.ledger.tally == DeliveryLedger.Tally(delivered: 3))
                let expected: [Packet] =
                    switch qos {
                    case .atMostOnce: []
                    case .atLeastOnce: (1...3).map { .puback(Acknowledgement(packetID: $0)) }
                    case .exactlyOnce:
                        (1...3).map { .pubrec(Acknowledgement(packetID: $0)) } + [
                            .pubcomp(Acknowledgement(packetID: 2))
                        ]
                    }
                try #require(try packets(replies) == expected)
            }
        }
    }

    @Test("The ledger tells lost, copied, late and foreign messages apart")
    func ledger() {
        var ledger = DeliveryLedger(run: 1, publishers: 4..<6, messages: 10)
        func note(_ publisher: UInt32, _ sequences: UInt64...) {
            for sequence in sequences { ledger.note(Stamp(run: 1, publisher: publisher, sequence: sequence)) }
        }
        note(4, 0, 1, 5, 6)
        #expect(ledger.tally == DeliveryLedger.Tally(delivered: 4))
        note(5, 0)
        note(4, 3, 2, 4, 3, 1)
        #expect(ledger.tally == DeliveryLedger.Tally(delivered: 8, duplicates: 2, reordered: 3))
        note(4, 10, .max)
        note(6, 0)
        note(3, 0)
        ledger.note(Stamp(run: 2, publisher: 4, sequence: 7))
        #expect(ledger.tally == DeliveryLedger.Tally(delivered: 8, duplicates: 2, reordered: 3, foreign: 5))
    }

    @Test("Readings are temperatures with two decimals")
    func readings() throws {
        let template = try MessageTemplate(topic: "t", qos: .atLeastOnce, content: .reading)
        var publisher = PublisherTraffic(
            template: template, messages: 1501, qos: .atLeastOnce, window: 2000, paced: false)
        var out = ByteBuffer()
        publisher.fill(&out)
        let values = try packets(out).compactMap { packet in
            if case .publish(let publish) = packet { String(buffer: publish.payload) } else { nil }
        }
        #expect(values.count == 1501)
        #expect(values.prefix(2) == ["15.00", "15.01"] && values[1499] == "29.99" && values[1500] == "15.00")
        #expect(Set(values).count == 1500)
    }
}
