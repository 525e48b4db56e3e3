import NIOCore
import NIOWebSocket
import Testing

@testable import MQTTWebSocket

@Suite("Frames of what the broker writes")
struct WebSocketWriterTests {
    private let packets: [UInt8] =
        [0xD0, 0] + [0x30, 0x83, 0x02] + [UInt8](repeating: 1, count: 259) + [0x30, 0xFD, 0xFF, 0x03]
        + [UInt8](repeating: 2, count: 65_533) + [0x40, 2, 0, 1]
    private let framed: [UInt8] =
        [0x82, 2, 0xD0, 0] + [0x82, 126, 1, 6, 0x30, 0x83, 0x02] + [UInt8](repeating: 1, count: 259)
        + [0x82, 127, 0, 0, 0, 0, 0, 1, 0, 1, 0x30, 0xFD, 0xFF, 0x03] + [UInt8](repeating: 2, count: 65_533)
        + [0x82, 4, 0x40, 2, 0, 1]

    @Test("However it is cut, each packet is a frame", arguments: [1, 2, 3, 5, 100, 70_000])
    func cut(size: Int) {
        var writer = WebSocketWriter()
        var all: [UInt8] = []
        for start in stride(from: 0, to: packets.count, by: size) {
            all +=
                writer.frames(of: ByteBuffer(bytes: packets[start..<min(start + size, packets.count)]))
                .readableBytesView
        }
        #expect(all == framed)
    }

    @Test("Nothing comes into the middle of a packet: pongs wait, the last of them only, and there is no goodbye")
    func control() {
        var writer = WebSocketWriter()
        #expect(writer.answer(to: ByteBuffer(bytes: [9]))?.readableBytesView.elementsEqual([0x8A, 1, 9]) == true)
        #expect(writer.goodbye(.normalClosure)?.readableBytesView.elementsEqual([0x88, 2, 0x03, 0xE8]) == true)
        for begun in [[0x40], [0x40, 2], [0x40, 2, 0]] as [[UInt8]] {
            var writer = WebSocketWriter()
            let before = writer.frames(of: ByteBuffer(bytes: begun))
            #expect(writer.answer(to: ByteBuffer(bytes: [1])) == nil)
            #expect(writer.answer(to: ByteBuffer(bytes: [2])) == nil)
            #expect(writer.goodbye(.normalClosure) == nil)
            let after = writer.frames(of: ByteBuffer(bytes: [0x40, 2, 0, 1][begun.count...]))
            let both = Array(before.readableBytesView) + Array(after.readableBytesView)
            #expect(both == [0x82, 4, 0x40, 2, 0, 1, 0x8A, 1, 2])
        }
    }
}
