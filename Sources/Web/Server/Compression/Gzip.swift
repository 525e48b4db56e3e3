import CZlib
import NIOCore

/// A stream of bytes as gzip (RFC 1952), made piece by piece.
///
/// One stream belongs to one answer and is used by one task at a time, which is why it need not be Sendable.
final class Gzip {
    /// zlib keeps the address of its state, so the state must not move.
    private let stream: UnsafeMutablePointer<z_stream>

    /// - Parameter level: 1 (fast) to 9 (small).
    /// - Returns: `nil` if there is no memory for it.
    init?(level: Int32 = 4) {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        // 15 is the largest window; 16 more asks for gzip's header and checksum.
        let result = deflateInit2_(
            stream, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
            Int32(MemoryLayout<z_stream>.size))
        guard result == Z_OK else {
            stream.deallocate()
            return nil
        }
    }

    deinit {
        deflateEnd(stream)
        stream.deallocate()
    }

    /// Takes the next bytes. What is ready comes back; it may be nothing yet.
    func compress(_ bytes: ByteBuffer) -> ByteBuffer { run(bytes, Z_NO_FLUSH) }

    /// The rest of the stream. Nothing may follow.
    func finish(_ bytes: ByteBuffer = ByteBuffer()) -> ByteBuffer { run(bytes, Z_FINISH) }

    private func run(_ input: ByteBuffer, _ flush: Int32) -> ByteBuffer {
        var output = ByteBuffer()
        let room = Int(deflateBound(stream, UInt(input.readableBytes))) + 64
        output.reserveCapacity(flush == Z_FINISH ? room : min(room, 64 * 1024))
        input.withUnsafeReadableBytes { source in
            // zlib only reads from it; its type is not const for reasons of age.
            let start = source.bindMemory(to: UInt8.self).baseAddress
            stream.pointee.next_in = UnsafeMutablePointer(mutating: start)
            stream.pointee.avail_in = UInt32(clamping: source.count)
            var isFull = true
            while isFull {
                output.writeWithUnsafeMutableBytes(minimumWritableBytes: 4096) { target in
                    stream.pointee.next_out = target.bindMemory(to: UInt8.self).baseAddress
                    stream.pointee.avail_out = UInt32(clamping: target.count)
                    _ = deflate(stream, flush)
                    isFull = stream.pointee.avail_out == 0
                    return min(target.count, Int(UInt32.max)) - Int(stream.pointee.avail_out)
                }
            }
        }
        return output
    }

    /// The whole of some bytes as gzip.
    static func whole(_ bytes: ByteBuffer, level: Int32 = 4) -> ByteBuffer? {
        Gzip(level: level)?.finish(bytes)
    }
}
