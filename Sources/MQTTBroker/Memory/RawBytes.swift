/// Growing memory that the core allocates and frees itself, so that appending to it costs neither reference counting
/// nor exclusivity checks. Whoever holds it must call `deallocate()`.
///
/// `start` moves up as bytes are taken from the front.
struct RawBytes {
    private var base: UnsafeMutableRawPointer?
    private var capacity = 0
    private var start = 0
    private var end = 0
    /// Where the first piece of memory comes from; `nil` allocates as little as is needed.
    private let pool: UnsafeMutablePointer<BufferPool>?

    init(pool: UnsafeMutablePointer<BufferPool>? = nil) {
        self.pool = pool
    }

    var count: Int { end &- start }
    var isEmpty: Bool { end == start }

    /// The bytes; valid until the next change.
    var bytes: UnsafeRawBufferPointer {
        guard let base else { return UnsafeRawBufferPointer(start: nil, count: 0) }
        return UnsafeRawBufferPointer(start: base + start, count: end &- start)
    }

    /// Makes room for `count` bytes and counts them as written; the caller fills them at once.
    @inline(__always)
    mutating func extend(by count: Int) -> UnsafeMutableRawPointer {
        if capacity &- end < count { grow(for: count) }
        // `grow` has set the base.
        let room = base.unsafelyUnwrapped + end
        end &+= count
        return room
    }

    @inline(__always)
    mutating func append(_ source: UnsafeRawBufferPointer) {
        guard let from = source.baseAddress, source.count > 0 else { return }
        extend(by: source.count).copyMemory(from: from, byteCount: source.count)
    }

    @inline(__always)
    mutating func append(_ a: UInt8, _ b: UInt8) {
        let room = extend(by: 2)
        room.storeBytes(of: a, as: UInt8.self)
        room.storeBytes(of: b, toByteOffset: 1, as: UInt8.self)
    }

    /// Appends `a`, `b` and a big-endian number: the whole of an acknowledgement.
    @inline(__always)
    mutating func append(_ a: UInt8, _ b: UInt8, _ number: UInt16) {
        let room = extend(by: 4)
        room.storeBytes(of: a, as: UInt8.self)
        room.storeBytes(of: b, toByteOffset: 1, as: UInt8.self)
        room.storeBytes(of: number.bigEndian, toByteOffset: 2, as: UInt16.self)
    }

    /// Takes bytes from the front. The memory goes back when none are left.
    mutating func discard(_ count: Int) {
        start &+= min(count, end &- start)
        if start == end { deallocate() }
    }

    /// Takes everything behind the first `count` bytes.
    mutating func takeEnd(from count: Int) -> [UInt8] {
        let taken = Array(bytes.dropFirst(count))
        end &-= taken.count
        if start == end { deallocate() }
        return taken
    }

    /// Gives the memory back.
    mutating func deallocate() {
        start = 0
        end = 0
        guard let memory = base else { return }
        base = nil
        if let pool, capacity == BufferPool.pieceSize {
            pool.pointee.giveBack(memory)
        } else {
            memory.deallocate()
        }
        capacity = 0
    }

    @inline(never)
    private mutating func grow(for count: Int) {
        let used = end &- start
        if let base, start > 0, capacity &- used >= count, start >= used {
            // The front is free and large enough: move down instead of growing.
            base.copyMemory(from: base + start, byteCount: used)
            start = 0
            end = used
            return
        }
        if base == nil, let pool, count <= BufferPool.pieceSize {
            base = pool.pointee.take()
            capacity = BufferPool.pieceSize
            return
        }
        let wanted = max(used + count, min(capacity * 2, capacity + 1_048_576), 64)
        let memory = UnsafeMutableRawPointer.allocate(byteCount: wanted, alignment: 16)
        if let old = base {
            memory.copyMemory(from: old + start, byteCount: used)
            deallocate()
        }
        base = memory
        capacity = wanted
        start = 0
        end = used
    }
}
