public import NIOCore

/// The variable byte integer (MQTT 5.0 section 1.5.5): seven bits a byte, lowest first, one to four bytes.
public enum VariableByteInteger {
    /// The largest value that four bytes can say: 268,435,455.
    @inlinable
    public static var maximum: Int { 268_435_455 }

    /// The number of bytes, 1...4, that a value of 0...`maximum` takes.
    @inlinable
    public static func length(of value: Int) -> Int {
        value < 128 ? 1 : value < 16_384 ? 2 : value < 2_097_152 ? 3 : 4
    }

    /// Writes a value of 0...`maximum` at the start of `bytes`, which must have room for `length(of:)` bytes.
    /// - Returns: the number of bytes written.
    @inlinable
    public static func write(_ value: Int, to bytes: UnsafeMutableRawPointer) -> Int {
        var rest = UInt32(truncatingIfNeeded: value)
        var count = 0
        while rest >= 0x80 && count < 3 {
            bytes.storeBytes(of: UInt8(truncatingIfNeeded: rest) | 0x80, toByteOffset: count, as: UInt8.self)
            rest >>= 7
            count &+= 1
        }
        bytes.storeBytes(of: UInt8(truncatingIfNeeded: rest) & 0x7F, toByteOffset: count, as: UInt8.self)
        return count &+ 1
    }

    /// Reads the integer that starts at `offset`.
    /// - Returns: the value and its length in bytes, or nil when the bytes end before the integer does.
    /// - Throws: when it is longer than four bytes, or not the shortest form [MQTT-1.5.5-1]. A fifth byte is not
    ///   waited for.
    public static func read(
        _ bytes: UnsafeRawBufferPointer, at offset: Int
    ) throws(DecodeError) -> (value: Int, length: Int)? {
        var value = 0
        var shift = 0
        var at = offset
        while at < bytes.count {
            let byte = Int(bytes[at])
            value |= (byte & 0x7F) &<< shift
            at &+= 1
            if byte & 0x80 == 0 {
                if byte == 0 && shift > 0 {
                    throw .malformed("MQTT-1.5.5-1", "a variable byte integer is longer than it needs to be")
                }
                return (value, at &- offset)
            }
            shift &+= 7
            if shift == 28 {
                throw .malformed("MQTT-1.5.5", "a variable byte integer is longer than four bytes")
            }
        }
        return nil
    }
}

extension ByteBuffer {
    /// Appends a variable byte integer of 0...`VariableByteInteger.maximum`.
    @inlinable
    public mutating func writeVariableByteInteger(_ value: Int) {
        writeWithUnsafeMutableBytes(minimumWritableBytes: 4) { room in
            guard let start = room.baseAddress else { return 0 }
            return VariableByteInteger.write(value, to: start)
        }
    }
}
