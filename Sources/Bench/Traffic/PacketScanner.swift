import NIOCore

/// Takes the packets of one connection, one at a time.
protocol PacketReceiver {
    /// - Parameters:
    ///   - first: the packet's first byte, with type and flags.
    ///   - content: what follows the fixed header; valid during the call only.
    ///   - replies: where packets for the broker go.
    mutating func receive(
        _ first: UInt8, _ content: UnsafeRawBufferPointer, replies: inout ByteBuffer
    ) throws(LoadFault)
}

/// Cuts what arrives on a connection into packets, in place: only a packet that is split between two reads is copied.
struct PacketScanner {
    /// The start of a packet whose end has not come yet.
    private var rest: [UInt8] = []

    mutating func scan<Receiver: PacketReceiver>(
        _ bytes: UnsafeRawBufferPointer, for receiver: inout Receiver, replies: inout ByteBuffer
    ) throws(LoadFault) {
        var start = rest.isEmpty ? 0 : try complete(bytes, for: &receiver, replies: &replies)
        while let frame = try Self.frame(bytes, at: start), frame.end <= bytes.count {
            try receiver.receive(
                bytes[start], UnsafeRawBufferPointer(rebasing: bytes[frame.content..<frame.end]), replies: &replies)
            start = frame.end
        }
        if start < bytes.count { rest.append(contentsOf: bytes[start...]) }
    }

    /// Adds to the split packet what it lacks, and hands it over if that is all here.
    /// - Returns: how many of `bytes` were used for it.
    private mutating func complete<Receiver: PacketReceiver>(
        _ bytes: UnsafeRawBufferPointer, for receiver: inout Receiver, replies: inout ByteBuffer
    ) throws(LoadFault) -> Int {
        var used = 0
        var frame = try frameOfRest()
        while frame == nil, used < bytes.count {
            rest.append(bytes[used])
            used += 1
            frame = try frameOfRest()
        }
        guard let frame else { return used }
        let part = min(frame.end - rest.count, bytes.count - used)
        rest.append(contentsOf: bytes[used..<(used + part)])
        guard rest.count == frame.end else { return bytes.count }
        try rest.withUnsafeBufferPointer { packet throws(LoadFault) in
            try receiver.receive(
                packet[0], UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(packet)[frame.content...]),
                replies: &replies)
        }
        rest.removeAll(keepingCapacity: true)
        return used + part
    }

    private func frameOfRest() throws(LoadFault) -> (content: Int, end: Int)? {
        try rest.withUnsafeBufferPointer { start throws(LoadFault) in
            try Self.frame(UnsafeRawBufferPointer(start), at: 0)
        }
    }

    /// Where the content of the packet at `start` begins and ends; `nil` until its fixed header is there.
    @inline(__always)
    private static func frame(
        _ bytes: UnsafeRawBufferPointer, at start: Int
    ) throws(LoadFault) -> (content: Int, end: Int)? {
        var at = start &+ 1
        var length = 0
        var shift = 0
        while at < bytes.count {
            let byte = Int(bytes[at])
            at &+= 1
            length |= (byte & 0x7F) &<< shift
            if byte & 0x80 == 0 { return (at, at &+ length) }
            shift &+= 7
            if shift == 28 { throw .malformed("a packet length of more than four bytes") }
        }
        return nil
    }
}
