/// Equal pieces of memory for outboxes, so that a connection holds one only while it has something to send and the
/// pieces in use stay in the processor's cache.
struct BufferPool {
    static let pieceSize = 32_768
    private static let maximumKept = 64

    private var free: [UnsafeMutableRawPointer] = []

    mutating func take() -> UnsafeMutableRawPointer {
        free.popLast() ?? UnsafeMutableRawPointer.allocate(byteCount: Self.pieceSize, alignment: 16)
    }

    mutating func giveBack(_ piece: UnsafeMutableRawPointer) {
        guard free.count < Self.maximumKept else {
            piece.deallocate()
            return
        }
        free.append(piece)
    }

    mutating func deallocate() {
        for piece in free { piece.deallocate() }
        free = []
    }
}
